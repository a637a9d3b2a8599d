// The page Telephone: choose a script, call, press keys, read along. All words stand in the page (`data-…`).

const page = document.querySelector(".telephone");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const words = page.dataset;
const [form, keypad, display, state, meter, talk] = ["form", "keypad", "display", "state", "meter", "talk"].map(part);
const [notice, mute, hangUp, call, ended] = ["notice", "mute", "hang-up", "call", "ended"].map(part);

const { openLine } = await import(words.line);

let line = null;
let callId = null;
let began = null;
let reason = ""; // why no ticket was to be had, if there is more to say than that the call is over
let [reading, news] = [false, false];

const AGAIN = 2000; // ms

const post = (address, data) =>
  fetch(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ csrf_token: document.querySelector('meta[name="csrf-token"]').content, ...data }),
  });

function show(text, tone = "") {
  state.textContent = text;
  state.className = `chip ${tone}`;
}

function warn(text) {
  notice.hidden = !text;
  notice.querySelector("span").textContent = text;
}

const STATES = {
  microphone: (why) => {
    part("quiet").hidden = why === "on";
    part("quiet").textContent = why === "on" ? "" : words[`microphone${why[0].toUpperCase()}${why.slice(1)}`];
  },
  connecting: () => show(words.connecting, "info"),
  talking: () => {
    warn("");
    began ??= Date.now();
    show(words.talking, "good");
  },
  lost: () => {
    show(words.lost, "warn");
    warn(words.lostHint);
  },
  over: (why) => {
    line = began = null;
    page.classList.remove("talking");
    const failed = why === "failed" || why === "broken";
    show(failed ? words.failed : words.over, why === "ended" || why === "hung_up" ? "" : "bad");
    warn({ lost: words.mediaAway, broken: words.broken }[why] ?? (reason || (failed ? words.refused : "")));
    form.hidden = false;
    ended.hidden = callId === null || !ended.querySelector("a");
    call.disabled = false;
    call.focus();
    readAlong();
  },
};

// Each line of the conversation is written by the server, as on the page of the call.
async function readAlong() {
  news = callId !== null;
  if (reading) return;
  reading = true;
  while (news) {
    news = false;
    const read = callId;
    const text = await said(read);
    if (read !== callId) continue; // of the call before
    if (text === null) setTimeout(readAlong, AGAIN);
    if (!text) break;
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    talk.replaceChildren(fresh.content);
    talk.parentElement.scrollTop = talk.parentElement.scrollHeight;
  }
  reading = false;
}

/** What was said in the call; null when the console does not answer, empty when it does not tell. */
async function said(call) {
  try {
    const answer = await fetch(`${words.talk}?call=${call}`);
    if (answer.ok) return await answer.text();
    return answer.status < 500 ? "" : null;
  } catch {
    return null;
  }
}

const ticket = () => (callId === null ? opened() : renewed());

/** The ticket of a new call. It is asked for once: whoever asks again may have two calls. */
async function opened() {
  const answer = await post(words.open, Object.fromEntries(new FormData(form))).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!answer?.ok || !told) {
    reason = told ? [told.error, told.hint].filter(Boolean).join(" ") : words.away;
    if (answer?.status === 401) reason = words.signedOut;
    return null;
  }
  callId = told.call;
  const link = ended.querySelector("a");
  if (link) link.href = words.page.replace("00000000-0000-0000-0000-000000000000", callId);
  return told;
}

async function renewed() {
  const answer = await post(words.renew, { call: callId });
  if (answer.ok) return answer.json();
  if (answer.status === 401) reason = words.signedOut;
  else if (answer.status !== 404) throw new Error(`no ticket: ${answer.status}`); // 404: the call is over
  return null;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (location.origin !== words.origin) return warn(words.elsewhere);
  [callId, began, reason] = [null, null, ""];
  warn("");
  talk.replaceChildren();
  display.textContent = "";
  call.disabled = true;
  ended.hidden = true;
  mute.setAttribute("aria-pressed", "false");
  page.classList.add("talking");
  form.hidden = true;
  line = openLine({
    sound: words.sound,
    ticket,
    onState: (what, why) => STATES[what](why),
    onCaption: readAlong,
    onLevel: (level) => (meter.value = Math.min(1, level * 4)),
  });
  keypad.querySelector("button").focus();
});

function press(key) {
  if (!line?.press(key)) return;
  display.textContent = (display.textContent + key).slice(-16);
  const button = keypad.querySelector(`[value="${key}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), 150);
}

keypad.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) press(button.value);
});

document.addEventListener("keydown", (event) => {
  const typed = event.target.closest("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey;
  if (!typed && !event.repeat && /^[0-9*#]$/.test(event.key)) press(event.key);
});

mute.addEventListener("click", () => {
  const muted = mute.getAttribute("aria-pressed") !== "true";
  mute.setAttribute("aria-pressed", String(muted));
  line?.mute(muted);
});

hangUp.addEventListener("click", () => line?.hangUp());
addEventListener("pagehide", () => line?.hangUp());

setInterval(() => {
  if (began === null) return;
  const seconds = Math.floor((Date.now() - began) / 1000);
  part("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 500);

const script = form.elements.script;
const suit = () => {
  const chosen = script.selectedOptions[0].dataset;
  part("person").hidden = chosen.direction !== "outbound";
  for (const option of form.elements.language.options) option.disabled = !chosen.languages.split(" ").includes(option.value);
  if (form.elements.language.selectedOptions[0]?.disabled) form.elements.language.value = chosen.languages.split(" ")[0];
};
script.addEventListener("change", suit);
suit();
call.disabled = false;

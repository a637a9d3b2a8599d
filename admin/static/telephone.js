// The page Telephone: choose a script, call, press keys, read along. All words stand in the page (`data-…`).

const page = document.querySelector(".telephone");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const words = page.dataset;
const [form, keypad, display, state, meter, talk] = ["form", "keypad", "display", "state", "meter", "talk"].map(part);
const [notice, mute, hangUp, call, ended] = ["notice", "mute", "hang-up", "call", "ended"].map(part);

let line = null;
let callId = null;
let began = null;
let [reading, news] = [false, false];

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
    show(why === "failed" ? words.failed : words.over, why === "ended" || why === "hung_up" ? "" : "bad");
    if (why === "lost") warn(words.mediaAway);
    else if (why !== "failed") warn("");
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
    const answer = await fetch(`${words.talk}?call=${callId}`).catch(() => null);
    if (!answer?.ok) continue;
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    talk.replaceChildren(fresh.content);
    talk.parentElement.scrollTop = talk.parentElement.scrollHeight;
  }
  reading = false;
}

async function ticket() {
  const answer = callId === null ? await post(words.open, Object.fromEntries(new FormData(form))) : await again();
  const told = await answer.json();
  if (!answer.ok) {
    if (callId === null) warn([told.error, told.hint].filter(Boolean).join(" "));
    return null;
  }
  if (callId === null) {
    callId = told.call;
    const link = ended.querySelector("a");
    if (link) link.href = words.page.replace("00000000-0000-0000-0000-000000000000", callId);
  }
  return told.ticket;
}

const again = () => post(words.renew, { call: callId });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (location.origin !== words.origin) return warn(words.elsewhere);
  [callId, began] = [null, null];
  warn("");
  talk.replaceChildren();
  display.textContent = "";
  call.disabled = true;
  ended.hidden = true;
  mute.setAttribute("aria-pressed", "false");
  page.classList.add("talking");
  form.hidden = true;
  const { openLine } = await import(words.line);
  line = await openLine({
    url: words.url,
    sound: words.sound,
    ticket,
    onState: (what, why) => STATES[what](why),
    onCaption: readAlong,
    onLevel: (level) => (meter.value = Math.min(1, level * 4)),
  });
  if (!page.classList.contains("talking")) line = null; // it was over before it began
  keypad.querySelector("button").focus();
});

function press(key) {
  if (line === null) return;
  line.press(key);
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
  if (!typed && /^[0-9*#]$/.test(event.key)) press(event.key);
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

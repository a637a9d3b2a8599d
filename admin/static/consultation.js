// The doctor's page: who waits is met on the line, or called back, and talked with at this browser or at a telephone. All
// words stand in the page (`data-…`).

const page = document.querySelector('[data-part="consultation"]');
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const words = page.dataset;
const [state, notice, told, clock, talk, callBack] = ["state", "notice", "told", "clock", "talk", "call-back"].map(part);
const [note, telephone, mute] = ["note", "own-telephone", "mute"].map(part);

const { openLine } = await import(words.line);

const POLL = 2000; // ms
const COMING = ["waiting", "dialing", "ringing", "answered"]; // a call back that is under way

let line = null;
let lost = false; // the sound, for the moment
let at = ""; // the address that the line goes to
let last = null; // how the last call ended, as it is shown
let reason = ""; // why there was no ticket
let began = null; // when the two of them began to talk
let returned = false; // the place is nobody's any more, or a colleague's
let saving = false;
let known = {};

/** What the server answers; null when it refuses, and then `reason` says why. Throws when it does not answer. */
async function ask(address, data = {}) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ csrf_token: document.querySelector('meta[name="csrf-token"]').content, ...data }),
  });
  if (answer.status >= 500) throw new Error(`no answer: ${answer.status}`);
  const given = await answer.json();
  if (answer.ok) return given;
  reason = answer.status === 401 ? words.signedOut : [given.error, given.hint].filter(Boolean).join(" ");
  return null;
}

function show(text, tone = "") {
  state.textContent = text;
  state.className = `chip ${tone}`;
}

function warn(text, where = notice) {
  where.hidden = !text;
  const words = where.querySelector("span");
  if (words.textContent !== text) words.textContent = text; // else a screen reader would say it again
}

async function look() {
  // As htmx asks: looking keeps nobody signed in. Talking does: the note is still to be written.
  const looking = line === null ? { "HX-Request": "true" } : {};
  const answer = await fetch(words.state, { headers: { Accept: "application/json", ...looking } }).catch(() => null);
  if (answer?.ok) return learn(await answer.json());
  if (line === null) show(words.unknown, "warn");
  if (answer?.status === 401) warn(words.signedOut);
}

function learn(fresh) {
  const before = known;
  known = fresh;
  returned = !fresh.mine && (returned || before.mine === true);
  told.hidden = !fresh.told;
  told.querySelector("b").textContent = fresh.told ?? "";
  if (talk) talk.hidden = !fresh.on_line;
  if (callBack) callBack.hidden = fresh.on_line;
  if (telephone) {
    part("telephone-rings").hidden = fresh.telephone !== "rings";
    warn(fresh.telephone_told ?? "", part("telephone-failed"));
  }
  if (line !== null) follow(before, fresh);
  else if (returned) leave();
  else if (fresh.talking) show(fresh.mine ? words.atTelephone : words.elsewhere, "info");
  else if (fresh.on_line) show(words.waits, "good");
  else if (last !== null) show(...last);
  else show(words.away);
}

/** The line goes where the person is. */
function follow(before, fresh) {
  if (fresh.talking) began ??= Date.now();
  if (!lost) show(fresh.talking ? words.talking : words.rings, fresh.talking ? "good" : "info");
  if (fresh.url && at && fresh.url !== at) {
    at = fresh.url;
    line.move();
  } else if (COMING.includes(before.calling) && fresh.calling === "gave_up" && !fresh.on_line) line.hangUp();
}

/** The page as somebody sees it whose patient this is not; what was typed is not thrown away. */
function leave() {
  if (!note?.value.trim()) return location.reload();
  show(words.returned, "warn");
  warn(words.returnedNote);
}

const STATES = {
  microphone(why) {
    part("quiet").hidden = why === "on";
    part("quiet").textContent = why === "on" ? "" : words[`microphone${why[0].toUpperCase()}${why.slice(1)}`];
  },
  connecting: () => show(words.connecting, "info"),
  talking() {
    lost = false;
    warn("");
    show(words.rings, "info");
    look();
  },
  lost() {
    lost = true;
    show(words.lost, "warn");
  },
  over(why) {
    line = began = null;
    [lost, at] = [false, ""];
    clock.textContent = "";
    page.classList.remove("talking");
    part("before").hidden = false;
    const failed = why === "failed" || why === "broken";
    last = [failed ? words.failed : words.over, why === "ended" || why === "hung_up" ? "" : "bad"];
    show(...last);
    warn({ lost: words.mediaAway, broken: words.broken }[why] ?? (reason || (failed ? words.refused : "")));
    note.focus();
  },
};

/** Open the line. What is to be asked for before, such as a call back, is a promise of `first`: true when it was done. */
function connect(first = null) {
  if (line !== null) return;
  [reason, last] = ["", null];
  warn("");
  page.classList.add("talking");
  part("before").hidden = true;
  mute.setAttribute("aria-pressed", "false");
  let due = first;
  line = openLine({
    sound: words.sound,
    async ticket() {
      if (due !== null && !(await due())) return null;
      due = null;
      const given = await ask(words.ticket);
      at = given?.url ?? "";
      return given;
    },
    onState: (what, why) => STATES[what](why),
    onLevel: (level) => (part("meter").value = Math.min(1, level * 4)),
  });
}

talk?.addEventListener("click", () => connect());

callBack?.addEventListener("submit", (event) => {
  event.preventDefault();
  connect(async () => {
    const given = await ask(words.callBack);
    if (given !== null) learn(given);
    return given !== null; // it rings there, and here
  });
});

telephone?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  reason = words.consoleAway;
  const given = await ask(form.action, { number: form.elements.number.value }).catch(() => null);
  button.disabled = false;
  warn(given === null ? reason : "");
  if (given !== null) learn(given);
});

mute?.addEventListener("click", () => {
  const muted = mute.getAttribute("aria-pressed") !== "true";
  mute.setAttribute("aria-pressed", String(muted));
  line?.mute(muted);
});

part("hang-up")?.addEventListener("click", () => line?.hangUp());
note?.form.addEventListener("submit", () => (saving = line === null));
addEventListener("beforeunload", (event) => {
  if (line !== null || (note?.value.trim() && !saving)) event.preventDefault();
});
addEventListener("pagehide", () => line?.hangUp());

setInterval(look, POLL);
setInterval(() => {
  if (began === null) return;
  const seconds = Math.floor((Date.now() - began) / 1000);
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 500);

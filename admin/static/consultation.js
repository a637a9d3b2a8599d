// The doctor's page: who waits is met on the line, or called back, and talked with at this browser. All words stand in the
// page (`data-…`).

const page = document.querySelector('[data-part="consultation"]');
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const words = page.dataset;
const [state, notice, told, clock, talk, callBack] = ["state", "notice", "told", "clock", "talk", "call-back"].map(part);

const POLL = 2000; // ms

let line = null;
let opening = false;
let began = null; // when the two of them began to talk
let known = {};

const post = (address) =>
  fetch(address, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({ csrf_token: document.querySelector('meta[name="csrf-token"]').content }),
  });

function show(text, tone = "") {
  state.textContent = text;
  state.className = `chip ${tone}`;
}

function warn(text) {
  notice.hidden = !text;
  notice.querySelector("span").textContent = text;
}

async function look() {
  // As htmx asks: looking keeps nobody signed in. Talking does: the note is still to be written.
  const looking = line === null ? { "HX-Request": "true" } : {};
  const answer = await fetch(words.state, { headers: { Accept: "application/json", ...looking } });
  const type = answer.headers.get("Content-Type") ?? "";
  if (answer.ok && type.startsWith("application/json")) learn(await answer.json());
}

function learn(fresh) {
  const returned = known.mine && !fresh.mine;
  known = fresh;
  told.hidden = !fresh.told;
  told.querySelector("b").textContent = fresh.told ?? "";
  if (talk) talk.hidden = !fresh.on_line;
  if (callBack) callBack.hidden = fresh.on_line;
  if (line !== null) {
    if (fresh.talking) began ??= Date.now();
    show(fresh.talking ? words.talking : words.rings, fresh.talking ? "good" : "info");
    if (fresh.calling === "gave_up" && !fresh.on_line) line.hangUp();
  } else if (!opening) {
    if (returned) return location.reload();
    if (!fresh.on_line) show(words.away);
    else if (fresh.talking) show(words.elsewhere, "info");
    else show(words.waits, "good");
  }
}

const STATES = {
  microphone(why) {
    part("quiet").hidden = why === "on";
    part("quiet").textContent = why === "on" ? "" : words[`microphone${why[0].toUpperCase()}${why.slice(1)}`];
  },
  connecting: () => show(words.connecting, "info"),
  talking() {
    warn("");
    show(words.rings, "info");
    look();
  },
  lost: () => show(words.lost, "warn"),
  over(why) {
    line = began = null;
    opening = false;
    clock.textContent = "";
    page.classList.remove("talking");
    part("before").hidden = false;
    show(why === "failed" ? words.failed : words.over, why === "ended" || why === "hung_up" ? "" : "bad");
    if (why === "lost" || why === "failed") warn(words.mediaAway);
    part("note").focus();
  },
};

async function connect() {
  if (line !== null || opening) return;
  opening = true;
  warn("");
  page.classList.add("talking");
  part("before").hidden = true;
  part("mute").setAttribute("aria-pressed", "false");
  const first = await lineTicket();
  if (first === null) return STATES.over("failed");
  let fresh = first;
  const { openLine } = await import(words.line);
  const opened = await openLine({
    url: first.url,
    sound: words.sound,
    async ticket() {
      const now = fresh ?? (await lineTicket());
      fresh = null;
      return now === null ? null : now.ticket;
    },
    onState: (what, why) => STATES[what](why),
    onLevel: (level) => (part("meter").value = Math.min(1, level * 4)),
  });
  line = opening ? opened : null; // it was over before it began
  opening = false;
  look();
}

async function lineTicket() {
  const answer = await post(words.ticket);
  const given = await answer.json();
  if (answer.ok) return given;
  warn([given.error, given.hint].filter(Boolean).join(" "));
  return null;
}

talk?.addEventListener("click", connect);

callBack?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await post(words.callBack);
  const given = await answer.json();
  if (!answer.ok) return warn([given.error, given.hint].filter(Boolean).join(" "));
  learn(given);
  await connect(); // it rings there, and here
});

part("mute")?.addEventListener("click", ({ currentTarget: mute }) => {
  const muted = mute.getAttribute("aria-pressed") !== "true";
  mute.setAttribute("aria-pressed", String(muted));
  line?.mute(muted);
});

part("hang-up")?.addEventListener("click", () => line?.hangUp());
addEventListener("pagehide", () => line?.hangUp());

setInterval(look, POLL);
setInterval(() => {
  if (began === null) return;
  const seconds = Math.floor((Date.now() - began) / 1000);
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 500);

// A line: the browser as a telephone, over the websocket `/line` of the media process (see docs/architecture.md).
//
//   const line = openLine({ sound, ticket, onState, onCaption, onLevel });
//   line.press("5"); line.mute(true); line.move(); line.hangUp();
//
// `sound` is the address of line-sound.js. `ticket()` promises `{ url, ticket }`, the websocket's address and a fresh
// ticket for it, again for each time the connection is lost; null when there is nothing to come back to, an error when
// it is worth another try. Call `openLine` from a click, or browsers stay silent. The line can be muted and hung up from
// then on. `move()` connects again, to wherever `ticket()` says now.
// `onState(state, why)`:
//   microphone  why: on, refused, missing, insecure (not https). Without one the line is silent, and keys still work
//   connecting
//   talking     something has come from the other side
//   lost        the sound is gone; we try again for a while
//   over        why: ended, hung_up, lost (nobody answered any more), failed (no ticket was to be had, or it was refused),
//               broken (this browser cannot play or take sound)
// `onCaption(caption)`: what is said, heard and decided. `onLevel(level)`: how loud the microphone is, 0 to 1.

const OVER = 1000;
const REFUSED = 1008;
const PATIENCE = 25_000; // ms; after thirty seconds the call is ended at the other side
const PAUSES = [300, 700, 1500, 3000];
const FAREWELL = 3000; // ms that the other side has to note that we hung up
const STALLED = 16_000; // bytes that could not be sent, two seconds of sound: what is said then comes too late anyway

export function openLine({ sound, ticket, onState, onCaption = () => {}, onLevel = () => {} }) {
  let [context, microphone, node, socket] = [null, null, null, null];
  let asked = false; // for a ticket: from then on the other side may know of us
  let muted = false;
  let heard = false; // something, over this connection: a server that takes us and throws us out again has not come back
  let lostAt = null;
  let tries = 0;
  let hangingUp = false;
  let over = false;

  const open = () => socket !== null && socket.readyState === WebSocket.OPEN;
  const send = (message) => {
    if (open()) socket.send(JSON.stringify(message));
    return open();
  };

  async function begin() {
    context = new AudioContext({ latencyHint: "interactive" });
    const awake = context.resume(); // now, while the click counts: the question for the microphone may take long
    microphone = await listen(onState);
    if (over) return letGo();
    await context.audioWorklet.addModule(sound);
    await awake;
    if (over) return letGo();
    node = new AudioWorkletNode(context, "line", { channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }) => {
      if (data.mark !== undefined) return send({ type: "mark", name: data.mark });
      onLevel(data.level);
      if (open() && socket.bufferedAmount < STALLED) socket.send(data.frame);
    };
    node.port.postMessage({ muted });
    if (microphone) context.createMediaStreamSource(microphone).connect(node);
    node.connect(context.destination);
    await connect();
  }

  async function connect() {
    asked = true;
    let given;
    try {
      given = await ticket();
      if (over) return;
      if (given === null) return finish(lostAt === null ? "failed" : "ended");
      socket = new WebSocket(given.url);
    } catch {
      return retry();
    }
    heard = false;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      send({ type: "start", token: given.ticket });
      if (hangingUp) send({ type: "hangup" });
    };
    socket.onmessage = ({ data }) => take(data);
    socket.onclose = ({ code }) => {
      socket = null;
      if (code === OVER) return finish(hangingUp ? "hung_up" : "ended");
      node.port.postMessage({ clear: true });
      if (code === REFUSED) return finish("failed");
      retry();
    };
  }

  function take(data) {
    if (!heard) {
      heard = true;
      [lostAt, tries] = [null, 0];
      onState("talking");
    }
    if (typeof data !== "string") return node.port.postMessage({ sound: data }, [data]);
    const message = JSON.parse(data);
    if (message.type === "mark") node.port.postMessage({ mark: message.name });
    else if (message.type === "clear") node.port.postMessage({ clear: true });
    else if (message.type === "caption") onCaption(message);
  }

  function retry() {
    if (over) return;
    lostAt ??= Date.now();
    if (Date.now() - lostAt > PATIENCE) return finish("lost");
    if (!hangingUp) onState("lost");
    setTimeout(connect, PAUSES[Math.min(tries++, PAUSES.length - 1)]);
  }

  function leave() {
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(OVER);
    socket = null;
  }

  function letGo() {
    microphone?.getTracks().forEach((track) => track.stop());
    if (context !== null && context.state !== "closed") context.close();
  }

  function finish(why) {
    if (over) return;
    over = true;
    leave();
    onLevel(0);
    // The last words may still be in the speakers' queue; whoever hung up does not want them.
    setTimeout(letGo, why === "ended" ? 1000 : 0);
    onState("over", why);
  }

  onState("connecting");
  begin().catch((error) => {
    console.info("no sound", error.name);
    finish("broken");
    letGo();
  });
  return {
    press: (key) => send({ type: "digit", key }),
    mute(silent) {
      muted = silent;
      node?.port.postMessage({ muted });
    },
    move() {
      if (over || hangingUp || socket === null) return;
      leave();
      node.port.postMessage({ clear: true });
      connect();
    },
    hangUp() {
      if (over || hangingUp || !asked) return finish("hung_up");
      // While the sound is lost, as soon as it is back: otherwise the other side waits for us.
      hangingUp = true;
      send({ type: "hangup" });
      node.disconnect();
      setTimeout(() => finish("hung_up"), FAREWELL);
    },
  };
}

async function listen(onState) {
  if (!navigator.mediaDevices) {
    onState("microphone", "insecure");
    return null;
  }
  try {
    const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    onState("microphone", "on");
    return stream;
  } catch (error) {
    onState("microphone", error.name === "NotAllowedError" ? "refused" : "missing");
    return null;
  }
}

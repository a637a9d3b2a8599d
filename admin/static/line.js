// A line: the browser as a telephone, over the websocket `/line` of the media process (see docs/architecture.md).
//
//   const line = await openLine({ url, sound, ticket, onState, onCaption, onLevel });
//   line.press("5"); line.mute(true); line.hangUp();
//
// `url` is the websocket's address, `sound` that of line-sound.js. `ticket()` promises a fresh ticket, again for each
// time the connection is lost; null when there is nothing to come back to. Call it from a click, or browsers stay silent.
// `onState(state, why)`:
//   microphone  why: on, refused, missing, insecure (not https). Without one the line is silent, and keys still work
//   connecting, talking
//   lost        the sound is gone; we try again for a while
//   over        why: ended, hung_up, lost (nobody answered any more), failed (no ticket was to be had)
// `onCaption(caption)`: what is said, heard and decided. `onLevel(level)`: how loud the microphone is, 0 to 1.

const OVER = 1000;
const REFUSED = 1008;
const PATIENCE = 25_000; // ms; after thirty seconds the call is ended at the other side
const PAUSES = [300, 700, 1500, 3000];
const FAREWELL = 3000; // ms that the other side has to note that we hung up
const STALLED = 16_000; // bytes that could not be sent, two seconds of sound: what is said then comes too late anyway

export async function openLine({ url, sound, ticket, onState, onCaption = () => {}, onLevel = () => {} }) {
  const context = new AudioContext({ latencyHint: "interactive" });
  const microphone = await listen(onState);
  await context.audioWorklet.addModule(sound);
  const node = new AudioWorkletNode(context, "line", { channelCount: 1, channelCountMode: "explicit" });
  if (microphone) context.createMediaStreamSource(microphone).connect(node);
  node.connect(context.destination);
  await context.resume();

  let socket = null;
  let over = false;
  let lostAt = null;
  let tries = 0;
  let hangingUp = false;

  node.port.onmessage = ({ data }) => {
    if (data.mark !== undefined) return send({ type: "mark", name: data.mark });
    onLevel(data.level);
    if (open() && socket.bufferedAmount < STALLED) socket.send(data.frame);
  };

  const open = () => socket !== null && socket.readyState === WebSocket.OPEN;
  const send = (message) => {
    if (open()) socket.send(JSON.stringify(message));
    return open();
  };

  async function connect() {
    let token;
    try {
      token = await ticket();
    } catch {
      return retry();
    }
    if (over) return;
    if (token === null) return finish(lostAt === null ? "failed" : "ended");
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "start", token }));
      [lostAt, tries] = [null, 0];
      onState("talking");
    };
    socket.onmessage = ({ data }) => take(data);
    socket.onclose = ({ code }) => {
      if (over) return;
      if (code === OVER || hangingUp) return finish(hangingUp ? "hung_up" : "ended");
      node.port.postMessage({ clear: true });
      if (code === REFUSED) return finish("failed");
      retry();
    };
  }

  function take(data) {
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
    onState("lost");
    setTimeout(connect, PAUSES[Math.min(tries++, PAUSES.length - 1)]);
  }

  function finish(why) {
    if (over) return;
    over = true;
    socket?.close(OVER);
    microphone?.getTracks().forEach((track) => track.stop());
    onLevel(0);
    onState("over", why);
    // The last words may still be in the speakers' queue; whoever hung up does not want them.
    if (why === "ended") setTimeout(() => context.close(), 1000);
    else context.close();
  }

  onState("connecting");
  await connect();
  return {
    press: (key) => send({ type: "digit", key }),
    mute: (muted) => node.port.postMessage({ muted }),
    hangUp() {
      if (hangingUp || !send({ type: "hangup" })) return finish("hung_up");
      hangingUp = true;
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

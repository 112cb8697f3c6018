// The least page that can be an agent's phone: registers with what ctid tells, rings, answers when it is told to.
import JsSIP from "jssip";

const { web } = JSON.parse(document.body.dataset.phone);
const player = document.querySelector("audio");
const show = (state) => {
  document.body.dataset.state = state;
};
const ua = new JsSIP.UA({
  sockets: [new JsSIP.WebSocketInterface(web.url)],
  uri: web.uri,
  authorization_user: web.username,
  password: web.password,
  session_timers: false,
  connection_recovery_min_interval: 1,
  connection_recovery_max_interval: 5,
});
const media = {
  mediaConstraints: { audio: true, video: false },
  pcConfig: { iceServers: web.ice_servers, rtcpMuxPolicy: "require" },
};

// A call that this tab was in before it was loaded anew; Asterisk still has it, for nobody said goodbye.
const kept = JSON.parse(sessionStorage.getItem("call"));
sessionStorage.removeItem("call");

ua.on("registered", () => {
  show("registered");
  if (kept) {
    const replaces = `Replaces: ${kept.call_id};to-tag=${kept.remote_tag};from-tag=${kept.local_tag}`;
    ua.call("return", { ...media, extraHeaders: [replaces] });
  }
});
ua.on("registrationFailed", ({ cause }) => show(`refused: ${cause}`));
ua.on("newRTCSession", ({ session, request }) => {
  window.session = session;
  document.body.dataset.offer = request.getHeader("X-Ctid-Offer") ?? "";
  document.body.dataset.contact = request.getHeader("X-Ctid-Contact") ?? "";
  const auto = /answer-after=0/.test(request.getHeader("Call-Info") ?? "");
  show("ringing");
  const listen = (connection) =>
    connection.addEventListener("track", ({ track }) => {
      player.srcObject = new MediaStream([track]);
      player.play();
    });
  // A call of ours has its connection already, one that comes gets it when it is answered.
  if (session.connection) listen(session.connection);
  else session.on("peerconnection", ({ peerconnection }) => listen(peerconnection));
  session.on("confirmed", () => {
    show("talking");
    // As docs/web-phone.md tells: audio that finds no way is sought anew.
    const seek = setInterval(() => {
      if (session.isEnded() || session.connection.connectionState === "connected") clearInterval(seek);
      else session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
    }, 4000);
  });
  session.on("ended", () => show("registered"));
  session.on("failed", () => show("registered"));
  if (auto) session.answer(media);
});
window.answerCall = () => window.session.answer(media);
window.loadAnew = () => {
  const { call_id, local_tag, remote_tag } = window.session._dialog.id;
  sessionStorage.setItem("call", JSON.stringify({ call_id, local_tag, remote_tag }));
  location.reload();
};
window.addEventListener("pagehide", () => sessionStorage.getItem("call") || ua.stop());
ua.start();

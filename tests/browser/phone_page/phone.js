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

ua.on("registered", () => show("registered"));
ua.on("registrationFailed", ({ cause }) => show(`refused: ${cause}`));
ua.on("newRTCSession", ({ session, request }) => {
  window.session = session;
  document.body.dataset.offer = request.getHeader("X-Ctid-Offer") ?? "";
  document.body.dataset.contact = request.getHeader("X-Ctid-Contact") ?? "";
  const auto = /answer-after=0/.test(request.getHeader("Call-Info") ?? "");
  show("ringing");
  session.on("peerconnection", ({ peerconnection }) => {
    peerconnection.addEventListener("track", ({ track }) => {
      player.srcObject = new MediaStream([track]);
      player.play();
    });
  });
  session.on("confirmed", () => show("talking"));
  session.on("ended", () => show("registered"));
  session.on("failed", () => show("registered"));
  if (auto) session.answer(media);
});
window.answerCall = () => window.session.answer(media);
window.addEventListener("pagehide", () => ua.stop());
ua.start();

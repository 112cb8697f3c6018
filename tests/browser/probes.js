// Probes: laid into every page before its own scripts, so that a test sees and hears what the page gets from the PBX.
//
// Nothing here plays sound: a page that forgets to play its calls stays silent here too.
(() => {
  const probes = { peers: [], sip: [], events: [] };
  window.__probes = probes;

  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      probes.peers.push(this);
    }
  };

  // What comes over the page's WebSockets, with the moment it came: SIP from the PBX, events from ctid.
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (typeof data !== "string") return;
        const at = performance.timeOrigin + performance.now();
        if (data.startsWith("{")) probes.events.push({ at, event: JSON.parse(data) });
        else probes.sip.push({ at, text: data });
      });
    }
  };

  // What all calls together bring for so many milliseconds: levels in dB, and the width of each of their bands in Hz.
  const spectrum = async (milliseconds) => {
    const live = probes.peers.filter((peer) => peer.connectionState === "connected");
    const tracks = live.flatMap((peer) => peer.getReceivers().map((receiver) => receiver.track));
    if (tracks.length === 0) return null;
    const context = new AudioContext({ sampleRate: 8000 });
    try {
      await context.resume();
      const analyser = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
      // A source takes one track of its stream, whichever: each call's has to have a source of its own.
      for (const track of tracks) context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      await new Promise((done) => setTimeout(done, milliseconds));
      const levels = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(levels);
      return { levels, width: context.sampleRate / analyser.fftSize };
    } finally {
      await context.close();
    }
  };

  // How the connection of each call is, oldest first.
  probes.connections = () => probes.peers.map(({ connectionState }) => connectionState);

  // The loudest tone, in Hz; 0 while it is silent.
  probes.heard = async (milliseconds) => {
    const { levels, width } = (await spectrum(milliseconds)) ?? { levels: [-Infinity], width: 0 };
    const loudest = levels.indexOf(Math.max(...levels));
    return levels[loudest] > -60 ? loudest * width : 0;
  };

  // Which of these tones are there, however loud others are.
  probes.among = async (milliseconds, tones) => {
    const { levels, width } = (await spectrum(milliseconds)) ?? { levels: [], width: 1 };
    return tones.filter((hz) => levels[Math.round(hz / width)] > -60);
  };

  // The pair of addresses that each live call's audio goes between.
  probes.pairs = async () => {
    const pairs = [];
    for (const peer of probes.peers.filter((each) => each.connectionState === "connected")) {
      const stats = await peer.getStats();
      for (const transport of [...stats.values()].filter((each) => each.type === "transport")) {
        const pair = stats.get(transport.selectedCandidatePairId);
        const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
        pairs.push([local.address, remote.address]);
      }
    }
    return pairs;
  };
})();

/** Rings: a tone of its own making, on a loudspeaker of its own, and a notification when nobody looks at the page. */

import { type Audio, sink } from "./audio";

/** Two tones by turns for 0.8 s, then a pause. */
const TONES_HZ = [523.25, 659.25];
const TONE_SECONDS = 0.2;
const CYCLE_SECONDS = 2.4;
const TONES_IN_CYCLE = 4;

export class Ringer {
  private context: AudioContext | null = null;
  private player: HTMLAudioElement | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private gain: GainNode | null = null;

  constructor(private readonly audio: Audio) {}

  start(): void {
    if (this.timer !== undefined) return;
    this.cycle();
    this.timer = setInterval(() => this.cycle(), CYCLE_SECONDS * 1_000);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.gain?.disconnect();
    this.gain = null;
  }

  /** Ring once, to try device and volume. */
  sample(): void {
    this.cycle();
  }

  private cycle(): void {
    const context = (this.context ??= new AudioContext());
    if (context.state === "suspended") void context.resume();
    const out = context.createMediaStreamDestination();
    const player = (this.player ??= document.createElement("audio"));
    player.dataset.testid = "ringer-audio";
    player.srcObject = out.stream;
    void sink(player, this.audio.choice.ringer);
    void player.play().catch(() => undefined);
    const gain = context.createGain();
    gain.gain.value = this.audio.choice.ringVolume * 0.5;
    gain.connect(out);
    this.gain?.disconnect();
    this.gain = gain;
    for (let index = 0; index < TONES_IN_CYCLE; index += 1) {
      const tone = context.createOscillator();
      tone.frequency.value = TONES_HZ[index % TONES_HZ.length]!;
      tone.connect(gain);
      tone.start(context.currentTime + index * TONE_SECONDS);
      tone.stop(context.currentTime + (index + 1) * TONE_SECONDS);
    }
  }
}

/** Tell somebody who looks at another window that it rings; the answer closes it again. */
export function notify(title: string, body: string, open: () => void): () => void {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.visibilityState === "visible") {
    return () => undefined;
  }
  const shown = new Notification(title, { body, tag: "ctid-ringing", requireInteraction: true });
  shown.onclick = () => {
    window.focus();
    open();
    shown.close();
  };
  return () => shown.close();
}

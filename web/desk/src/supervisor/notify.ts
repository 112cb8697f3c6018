/** Ways to be told of an alarm beside the page itself: a sound, and the browser's own notification. */

import { useCallback, useState } from "react";

const SOUND = "ctid.alarm-sound";
const NOTIFICATION = "ctid.alarm-notification";

let audio: AudioContext | null = null;

/** Two short tones; browsers let a page sound only after it was clicked. */
export function chime(): void {
  audio ??= new AudioContext();
  const begin = audio.currentTime;
  [660, 880].forEach((frequency, index) => {
    const tone = audio!.createOscillator();
    const volume = audio!.createGain();
    const at = begin + index * 0.18;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.15, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + 0.16);
    tone.connect(volume).connect(audio!.destination);
    tone.start(at);
    tone.stop(at + 0.17);
  });
}

export interface Notices {
  sound: boolean;
  notification: boolean;
  setSound: (on: boolean) => void;
  /** Asks the browser for leave where it has to be asked. */
  setNotification: (on: boolean) => Promise<void>;
}

export function useNotices(): Notices {
  const [sound, keepSound] = useState(localStorage.getItem(SOUND) === "on");
  const [notification, keepNotification] = useState(
    localStorage.getItem(NOTIFICATION) === "on" && "Notification" in window && Notification.permission === "granted",
  );
  const setSound = useCallback((on: boolean) => {
    localStorage.setItem(SOUND, on ? "on" : "off");
    keepSound(on);
    if (on) chime();
  }, []);
  const setNotification = useCallback(async (on: boolean) => {
    const allowed = on && "Notification" in window && (await Notification.requestPermission()) === "granted";
    localStorage.setItem(NOTIFICATION, allowed ? "on" : "off");
    keepNotification(allowed);
  }, []);
  return { sound, notification, setSound, setNotification };
}

/** When to render: before the next frame while the page is seen, at once but in batches while it is not. */

/** A page that is covered, but not hidden, may get no frames; it is brought up to date all the same. */
const LONGEST_WAIT_MS = 200;

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.splice(0).forEach((run) => run());

/** Run once, soon. Timers of hidden pages are slowed down to a minute, messages are not. */
export function onNextFrame(run: () => void): void {
  if (document.hidden) {
    waiting.push(run);
    channel.port2.postMessage(null);
    return;
  }
  let done = false;
  const once = () => {
    if (done) return;
    done = true;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    run();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, LONGEST_WAIT_MS);
}

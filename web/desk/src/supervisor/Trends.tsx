/** Trends of the day. */

export default function Trends() {
  return null;
}

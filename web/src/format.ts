// Numbers and times as people read them.

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  const parts = [Math.floor(s / 3600), Math.floor(s / 60) % 60, s % 60];
  return parts[0] > 0 ? `${parts[0]} h ${parts[1]} min` : `${parts[1]} min ${parts[2]} s`;
}

export function volume(mm3: number): string {
  return mm3 >= 1e5 ? `${(mm3 / 1000).toFixed(1)} cm³` : `${mm3.toFixed(mm3 < 100 ? 2 : 0)} mm³`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(0)} kB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}

export function when(time: string | null): string {
  if (!time) return "";
  const date = new Date(time);
  const today = new Date().toDateString() === date.toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
}

const kStatus: Record<string, string> = {
  queued: "waiting", running: "running", succeeded: "OK", warning: "collisions", failed: "failed", cancelled: "cancelled",
};
export function statusText(status: string): string { return kStatus[status] ?? status; }
export function isFinal(status: string): boolean { return !["queued", "running"].includes(status); }

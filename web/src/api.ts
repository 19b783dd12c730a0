// The HTTP API as the page uses it. The token lives in this tab only.

export interface Media { video_url: string | null; preview_url: string | null; snapshot_url: string | null; report_url: string | null }
export interface Alert { code: string; severity: string; message: string; count: number; first_at: string; last_at: string }
export interface Artefact { name: string; url: string | null; size: number; sha256: string; content_type: string }
export interface Finding {
  code: string; severity: string; message: string; line?: number; last_line?: number; block?: string; time_s?: number;
  tool?: number; part?: string; partner?: string; depth_mm?: number; volume_mm3?: number;
}
export interface Report {
  verdict: string; collision_count: number; removed_volume_mm3: number; removed_volume_error_mm3?: number;
  est_time_s: number; est_time_error_s?: number; notes: Finding[]; collisions: Finding[]; assumptions: string[];
  engine?: { name: string; version: string; resolution_mm: number };
  tools?: { number: number; type: string; diameter: number; time_s?: number; removed_mm3?: number; cut_length_mm?: number }[];
}
export interface Run {
  sim_id: string; job_id: string; status: string; stage: string | null; progress: number; attempt: number;
  created_at: string; started_at: string | null; finished_at: string | null; alerts: Alert[];
  error: { code: string; message: string; next_steps: string[] } | null; media: Media; artefacts: Artefact[]; report?: Report | null;
}
export interface RunPage { items: Run[]; next_cursor: string | null }

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly errors: { pointer: string; detail: string }[],
              readonly diagnostics: { line: number; message: string; block: string }[], readonly steps: string[]) {
    super(detail);
  }
}

const kTokenKey = "proveout-token";
let askForToken: () => Promise<string> = async () => "";
export function onTokenNeeded(ask: () => Promise<string>): void { askForToken = ask; }
export function forgetToken(): void { sessionStorage.removeItem(kTokenKey); }

async function token(): Promise<string> {
  const kept = sessionStorage.getItem(kTokenKey);
  if (kept) return kept;
  const development = await fetch("/dev/token");
  const value = development.ok ? (await development.json()).token : await askForToken();
  sessionStorage.setItem(kTokenKey, value);
  return value;
}

async function problemOf(answer: Response): Promise<Problem> {
  try {
    const body = await answer.json();
    return new Problem(answer.status, body.code, body.detail, body.errors ?? [], body.diagnostics ?? [], body.next_steps ?? []);
  } catch {
    return new Problem(answer.status, "UNKNOWN", `the service answered ${answer.status}`, [], [], []);
  }
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  for (let attempt = 0; ; ++attempt) {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${await token()}`);
    const answer = await fetch(path, { ...init, headers });
    if (answer.ok) return answer;
    if (answer.status !== 401 || attempt > 0) throw await problemOf(answer);
    forgetToken();
  }
}

export async function get<T>(path: string): Promise<T> { return (await request(path)).json(); }

export async function upload(file: File): Promise<string> {
  const answer = await request(`/uploads?filename=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  return (await answer.json()).upload_id;
}

export async function submit(job: object): Promise<string> {
  const answer = await request("/simulations/run", {
    method: "POST", body: JSON.stringify(job),
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) },
  });
  return (await answer.json()).sim_id;
}

// A link of the local store, on this host whatever address it was made for.
export function local(url: string): string {
  const parsed = new URL(url, location.href);
  return parsed.pathname.startsWith("/artefacts/") ? parsed.pathname + parsed.search : url;
}

// Follows a run's events until its end; comes back after a broken connection.
export async function follow(simId: string, signal: AbortSignal, onEvent: (type: string, data: any) => void): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    try {
      const answer = await request(`/simulations/${simId}/events`, { signal, headers: last ? { "Last-Event-ID": last } : {} });
      if (answer.status === 204) return;
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += value;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const fields: Record<string, string> = {};
          for (const line of text.slice(0, end).split("\n")) {
            const colon = line.indexOf(":");
            if (colon <= 0) continue;
            const name = line.slice(0, colon), value = line.slice(colon + 1).replace(/^ /, "");
            fields[name] = name in fields ? `${fields[name]}\n${value}` : value;
          }
          text = text.slice(end + 2);
          if (fields.id) last = fields.id;
          if (fields.event) onEvent(fields.event, JSON.parse(fields.data || "{}"));
          if (fields.event === "end") return;
        }
      }
    } catch (error) {
      if (signal.aborted || (error instanceof Problem && error.status === 404)) return;
    }
    await new Promise((done) => setTimeout(done, 2000));
  }
}

/** What one local server bears; the defaults suit a page on one's own machine. */
export interface Limits {
  /** Connections at once; more are closed unheard. */
  readonly connections: number;
  /** Pages that listen for events at once. */
  readonly listeners: number;
  /** Requests with the right token a second, and at once after a pause. */
  readonly perSecond: number;
  readonly burst: number;
  /** The same for requests that are refused, which have their own budget and so take nothing from those that are served. */
  readonly refusedPerSecond: number;
  readonly refusedBurst: number;
  /** Bytes of the headers of a request, and of its body. */
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** Time for the headers, for the whole request, and for the response to be taken. */
  readonly headersMs: number;
  readonly requestMs: number;
  readonly responseMs: number;
  /** Unread bytes of events after which a listener is cut off. */
  readonly backlogBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 512,
  listeners: 256,
  perSecond: 200,
  burst: 1000,
  refusedPerSecond: 20,
  refusedBurst: 50,
  headerBytes: 8192,
  bodyBytes: 16_384,
  headersMs: 5_000,
  requestMs: 10_000,
  responseMs: 20_000,
  backlogBytes: 65_536,
};

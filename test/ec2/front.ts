import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import { Account, ApiError, type Latency, type MachinePark } from './account.ts';

/** One call, as received. */
export interface Call {
  readonly action: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What a test injects into a call: an error instead of an answer, before or after the call is carried out. */
export type Fault =
  | { readonly refuse: string; readonly message?: string; readonly status?: number }
  /** The call is carried out, and the connection cut before the answer. */
  | { readonly cut: 'after' }
  /** The connection is cut at once. */
  | { readonly cut: 'before' };

const parser = new XMLParser({ parseTagValue: false, ignoreAttributes: false, isArray: (name) => name === 'item' });
const builder = new XMLBuilder({ ignoreAttributes: false });

/** moto has EC2's own names of regions and zones. */
export const REGION = 'eu-central-1';

/**
 * EC2's front door: passes calls on to moto, and is as strict as EC2 where moto isn't. Each public address that moto invents
 * is replaced by one of this computer's loopback addresses.
 */
export class Front {
  readonly account: Account;
  readonly calls: Call[] = [];
  /** Called before every call. */
  fault: (call: Call, count: number) => Fault | undefined = () => undefined;
  readonly #moto: string;
  readonly #turns = new Map<string, Promise<unknown>>();
  #server: Server | undefined;
  /** The answer of Service Quotas, in virtual processors; null: denied. */
  quota: number | null = 1000;
  /** Zones that offer no instance type. */
  readonly unoffered = new Set<string>();
  /** Instances are hidden until this time. */
  hideUntil = 0;
  /** The answer of the address service. */
  callersAddress = '127.0.0.1';

  constructor(moto: string, park: MachinePark, latency: Latency) {
    this.#moto = moto;
    this.account = new Account(park, latency);
  }

  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      void this.#answer(request, response).catch((error: unknown) => {
        // A bug in this file must not look like an error of EC2.
        response.writeHead(599).end(String(error instanceof Error ? error.stack : error));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
    await this.account.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/my-address') return void response.end(`${this.callersAddress}\n`);
    const target = request.headers['x-amz-target'];
    if (target !== undefined) return this.#answerQuota(String(target), response);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const params = Object.fromEntries(new URLSearchParams(text));
    const call: Call = { action: params['Action'] ?? '', params };
    this.calls.push(call);
    const fault = this.fault(call, this.calls.length);
    try {
      if (fault && 'cut' in fault && fault.cut === 'before') return void request.socket.destroy();
      if (fault && 'refuse' in fault)
        throw new ApiError(fault.refuse, fault.message ?? 'as the test wanted', fault.status);
      const xml = await this.#inTurn(call, () => this.#perform(call, request));
      if (fault) return void request.socket.destroy();
      response.writeHead(200, { 'content-type': 'text/xml' }).end(xml);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      response.writeHead(error.status, { 'content-type': 'text/xml' }).end(errorXml(error));
    }
  }

  /** Source: Service Quotas API reference, GetServiceQuota. */
  #answerQuota(target: string, response: ServerResponse): void {
    if (!target.endsWith('.GetServiceQuota')) throw new Error(`asked for ${target}`);
    this.calls.push({ action: 'GetServiceQuota', params: {} });
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    if (this.quota !== null) return void response.end(JSON.stringify({ Quota: { Value: this.quota } }));
    response.statusCode = 400;
    response.end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized to GetServiceQuota' }));
  }

  /** Requests with the same token are one request: the second waits for the result of the first. */
  #inTurn(call: Call, work: () => Promise<string>): Promise<string> {
    const token = call.params['ClientToken'];
    if (token === undefined) return work();
    const before = this.#turns.get(token) ?? Promise.resolve();
    const turn = before.then(work);
    this.#turns.set(
      token,
      turn.catch(() => undefined),
    );
    return turn;
  }

  async #perform({ action, params }: Call, request: IncomingMessage): Promise<string> {
    const { account } = this;
    const dry = params['DryRun'] === 'true';
    account.tick();
    account.hidden = Date.now() < this.hideUntil;
    account.unoffered = this.unoffered;
    const known = dry ? undefined : account.before(action, params);
    if (known !== undefined) return known;
    const { status, body } = await this.#forward(action, account.adjusted(action, params), request);
    const tree = parser.parse(body) as Record<string, unknown>;
    const problem = problemOf(tree);
    if (problem || status >= 400)
      throw new ApiError(
        problem?.code ?? 'InternalError',
        problem?.message ?? `moto: ${status} ${body.slice(0, 300)}`,
        problem ? 400 : 500,
      );
    const xml = builder.build(await account.after(action, params, tree));
    const stranger = strangers(xml);
    if (stranger) throw new Error(`${action} would have told the address of a stranger: ${stranger}`);
    account.remember(action, params, xml);
    return xml;
  }

  async #forward(action: string, params: Readonly<Record<string, string>>, request: IncomingMessage) {
    const response = await fetch(this.#moto, {
      method: 'POST',
      body: new URLSearchParams(params).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        // moto reads region and service from it.
        authorization: request.headers.authorization ?? '',
      },
    });
    return { status: response.status, body: await response.text(), action };
  }
}

function problemOf(tree: Record<string, unknown>): { code: string; message: string } | undefined {
  // moto wraps errors in two ways.
  const response = (tree['Response'] ?? tree['ErrorResponse']) as
    { Errors?: { Error?: { Code: string; Message: string } } } | undefined;
  const error = response?.Errors?.Error;
  return error ? { code: error.Code, message: error.Message } : undefined;
}

/** An error as EC2 formats it. Source: EC2 API reference, "Error codes". */
function errorXml({ code, message }: ApiError): string {
  const tree = { Response: { Errors: { Error: { Code: code, Message: message } }, RequestID: 'test' } };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build(tree)}`;
}

/** An address in an answer that is neither this computer's nor in the cluster's private network. */
function strangers(xml: string): string | undefined {
  const addresses = xml.match(/(?<![\d.])\d{1,3}(\.\d{1,3}){3}(?![\d./])/g) ?? [];
  return addresses.find(
    (address) => !/^(127|10|172|0|169\.254|255)\./.test(address) && !address.startsWith('203.0.113.'),
  );
}

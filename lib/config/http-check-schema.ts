import { z } from 'zod';
import { safePattern } from '../util/pattern.ts';

/** The name of a header. Source: RFC 9110, section 5.6.2, token. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable text: a line break would begin another header. */
const VALUE = /^[\t\x20-\x7E\x80-\xFF]*$/;
/** A host name or an address, perhaps with a port, as in a Host header. Source: RFC 9110, section 7.2. */
const HOST = /^[a-zA-Z0-9_]([a-zA-Z0-9_.-]*[a-zA-Z0-9_])?(:\d{1,5})?$/;
/** What `redirects: true` means. */
const MOST_REDIRECTS = 10;
const PATH = /^\/[\x21-\x7E]*$/;

/** One request to a published port, and the answer that it must get. */
const httpCheck = z
  .strictObject({
    port: z
      .int()
      .min(1)
      .max(65535)
      .optional()
      .describe('The published port to ask; default: the first published TCP port.'),
    path: z
      .string()
      .regex(PATH, { error: 'expected a path such as /health?full=1, without spaces' })
      .default('/')
      .describe('The path to ask for.'),
    method: z.enum(['GET', 'HEAD']).default('GET').describe('How to ask; the answer to HEAD has no body.'),
    host: z
      .string()
      .regex(HOST, { error: 'expected a host name, such as app.example.org' })
      .refine((host) => URL.canParse(`http://${host}`), { error: 'expected a host name, such as app.example.org' })
      .optional()
      .describe('The host name to ask for, in the Host header and for TLS; the request still goes to the node.'),
    headers: z
      .record(
        z.string().regex(HEADER, { error: 'expected the name of a header' }),
        z.string().regex(VALUE, { error: 'expected a text in one line' }),
      )
      .default({})
      .describe('More headers of the request.'),
    https: z.boolean().default(false).describe('Whether to ask over TLS.'),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe('A PEM file with the certificates to trust instead of the public ones, relative to the cluster file.'),
    insecure: z
      .boolean()
      .default(false)
      .describe("Whether any certificate is accepted, which is reported: anybody's server could answer."),
    redirects: z
      .union([z.int().min(0).max(20), z.boolean().transform((follow) => (follow ? MOST_REDIRECTS : 0))])
      .default(0)
      .describe(
        'How many redirects to follow (true: 10), on the same node only: a redirect to another host or to a port that is not published is the answer.',
      ),
    status: z.int().min(100).max(599).default(200).describe('The HTTP status every answer must have.'),
    body: z.string().optional().describe('A text every answer must contain.'),
    bodyMatches: z
      .string()
      .superRefine((pattern, ctx) => {
        const problem = safePattern(pattern);
        if (problem !== undefined) ctx.addIssue({ code: 'custom', message: problem });
      })
      .optional()
      .describe('A regular expression (JavaScript) that every answer must match; ^ and $ match at lines.'),
  })
  .refine(({ https, redirects, ca, insecure }) => https || redirects > 0 || (ca === undefined && !insecure), {
    path: ['https'],
    error: 'expected https: true with ca or insecure, or redirects that may lead there',
  })
  .refine(({ ca, insecure }) => ca === undefined || !insecure, {
    path: ['insecure'],
    error: 'expected only one of ca and insecure',
  })
  .refine(({ method, body, bodyMatches }) => method === 'GET' || (body === undefined && bodyMatches === undefined), {
    path: ['method'],
    error: 'expected GET with body or bodyMatches: the answer to HEAD has no body',
  });

export type HttpCheckFile = z.output<typeof httpCheck>;

/** The HTTP checks of a service or a stack. */
export const httpChecks = z
  .union([httpCheck, z.array(httpCheck).min(1)])
  .describe('An HTTP check, asked several times a replica through every node; or a list of them.');

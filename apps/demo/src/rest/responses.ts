import { z } from 'zod';
import { API_ERRORS } from './api-error.js';

/** Bodies of successful responses, by their name in the OpenAPI document. */

export const LoginResponse = z.object({
  outcome: z.literal('logged-in'),
  userId: z.string().meta({ example: 'admin' }),
  transport: z.literal('tcp'),
  firstLoginTime: z
    .int()
    .meta({ description: 'Milliseconds since 1970, set by the server.', example: 1_790_000_000_000 }),
});

const SendResponse = z.object({
  outcome: z.enum(['received', 'stored']).meta({
    description:
      '`received`: the receiver has acknowledged it. `stored`: the server stores it until the receiver logs in.',
  }),
  from: z.string().meta({ example: 'admin' }),
  to: z.string().meta({ example: 'admin' }),
  fingerprint: z
    .string()
    .meta({ description: 'The ID of the message.', example: '3e3aea45-43d9-4a90-8d7c-2c1b5b1a6a3f' }),
});

export const LogoutResponse = z.object({
  outcome: z.literal('logged-out'),
  userId: z.string().meta({ example: 'admin' }),
});

export const OnlineResponse = z.object({
  count: z.int().meta({ example: 1 }),
  users: z.array(
    z.object({
      userId: z.string().meta({ example: 'admin' }),
      transport: z.string(),
      remoteAddress: z.string().meta({ example: '127.0.0.1' }),
      remotePort: z.int().meta({ example: 50_412 }),
      firstLoginTime: z.int().meta({ example: 1_790_000_000_000 }),
      insideProgram: z.boolean().meta({ description: 'Whether the user logged in with loginConnect.' }),
    }),
  ),
});

export const PushResponse = z.object({
  outcome: z.enum(['received', 'stored']),
  to: z.string().meta({ example: 'admin' }),
  fingerprint: z.string(),
});

const ErrorResponse = z.object({
  code: z
    .enum(Object.keys(API_ERRORS) as [keyof typeof API_ERRORS])
    .meta({ description: 'Stable; see the responses.' }),
  message: z.string().meta({ description: 'For people; may change.' }),
  problems: z
    .array(z.object({ parameter: z.string(), problem: z.string() }))
    .optional()
    .meta({ description: 'With ERR_INVALID_REQUEST.' }),
  serverCode: z.int().optional().meta({ description: 'With ERR_LOGIN_REJECTED.' }),
  loggedIn: z.array(z.string()).optional().meta({ description: 'With ERR_SENDER_AMBIGUOUS.' }),
});

export const RESPONSES = {
  LoginResponse,
  SendResponse,
  LogoutResponse,
  OnlineResponse,
  PushResponse,
  ErrorResponse,
} as const;

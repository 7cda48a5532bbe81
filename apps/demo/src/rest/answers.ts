import { z } from 'zod';
import { API_ERRORS } from './api-error.js';

/** What REST answers, by the name that the OpenAPI document gives it. */

export const LoginAnswer = z.object({
  outcome: z.literal('logged-in'),
  userId: z.string().meta({ example: 'admin' }),
  transport: z.literal('tcp'),
  firstLoginTime: z
    .int()
    .meta({ description: 'Milliseconds since 1970, by the server.', example: 1_790_000_000_000 }),
});

const SendAnswer = z.object({
  outcome: z.enum(['received', 'stored']).meta({
    description:
      '`received`: the receiver has acknowledged it. `stored`: the server keeps it until the receiver logs in.',
  }),
  from: z.string().meta({ example: 'admin' }),
  to: z.string().meta({ example: 'admin' }),
  fingerprint: z
    .string()
    .meta({ description: 'The message’s id.', example: '3e3aea45-43d9-4a90-8d7c-2c1b5b1a6a3f' }),
});

export const LogoutAnswer = z.object({
  outcome: z.literal('logged-out'),
  userId: z.string().meta({ example: 'admin' }),
});

export const OnlineAnswer = z.object({
  count: z.int().meta({ example: 1 }),
  users: z.array(
    z.object({
      userId: z.string().meta({ example: 'admin' }),
      transport: z.string(),
      remoteAddress: z.string().meta({ example: '127.0.0.1' }),
      remotePort: z.int().meta({ example: 50_412 }),
      firstLoginTime: z.int().meta({ example: 1_790_000_000_000 }),
      insideProgram: z.boolean().meta({ description: 'Whether it came through loginConnect.' }),
    }),
  ),
});

export const PushAnswer = z.object({
  outcome: z.enum(['received', 'stored']),
  to: z.string().meta({ example: 'admin' }),
  fingerprint: z.string(),
});

const ErrorAnswer = z.object({
  code: z
    .enum(Object.keys(API_ERRORS) as [keyof typeof API_ERRORS])
    .meta({ description: 'Stable; see the responses.' }),
  message: z.string().meta({ description: 'For a person; may change.' }),
  problems: z
    .array(z.object({ parameter: z.string(), problem: z.string() }))
    .optional()
    .meta({ description: 'With ERR_INVALID_REQUEST.' }),
  serverCode: z.int().optional().meta({ description: 'With ERR_LOGIN_REJECTED.' }),
  loggedIn: z.array(z.string()).optional().meta({ description: 'With ERR_SENDER_AMBIGUOUS.' }),
});

export const ANSWERS = {
  LoginAnswer,
  SendAnswer,
  LogoutAnswer,
  OnlineAnswer,
  PushAnswer,
  ErrorAnswer,
} as const;

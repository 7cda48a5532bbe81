import { z } from 'zod';

/** Accepts a number in JSON as text, if JavaScript represents it exactly. */
const asText = (value: unknown): unknown => (Number.isSafeInteger(value) ? String(value) : value);
const text = (schema: z.ZodString) => z.preprocess(asText, schema);

const notReserved = /^(?!0$|-1$)/;
const userId = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  .regex(notReserved, 'must not be "0" or "-1", which are reserved user IDs');
const receiver = z
  .string()
  .min(1, 'must not be empty')
  .max(256, 'must not be longer than 256 characters')
  .regex(/^(?!-1$)/, 'must not be "-1", which is a reserved user ID');
const content = z.string().min(1, 'must not be empty');
const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
const type = z
  .preprocess(asNumber, z.int32('must be a whole number of 32 bits'))
  .optional()
  .meta({ description: "The application's message type, 32 bits. Default -1: none.", example: 1 });
const flag = z
  .union([z.boolean(), z.enum(['true', 'false'])], 'must be true or false')
  .transform((value) => value === true || value === 'true');

const about = (description: string, example: string) => ({ description, example });

export const LoginParameters = z.strictObject({
  username: text(userId).meta(about('The user who logs in.', 'admin')),
  password: text(z.string())
    .optional()
    .meta(about("The password, checked by the server's authenticate callback.", '123456')),
});

export const SendParameters = z.strictObject({
  friendId: text(receiver).meta(about('The receiver; "0" is the server itself.', 'admin')),
  msg: text(content).meta(about('The content.', 'Hello')),
  from: text(userId)
    .optional()
    .meta(about('The sender. Required only if several users are logged in.', 'admin')),
  type,
});

export const LogoutParameters = z.strictObject({
  username: text(userId).meta(about('The user who logs out.', 'admin')),
});

export const PushParameters = z.strictObject({
  userId: text(userId).meta(about('The receiver.', 'admin')),
  msg: text(content).meta(about('The content.', 'Welcome')),
  type,
});

export const MessagesParameters = z.strictObject({
  user: text(userId).optional().meta(about('Only callbacks of this user. Default: all.', 'admin')),
  follow: flag.optional().meta({
    description: 'Whether new callbacks follow. Default true.',
    example: false,
  }),
});

export const NoParameters = z.strictObject({});

import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { z } from 'zod';
import { ApiError } from './api-error.js';

/** Maximum problems in a response, so that a large invalid request does not cause an even larger response. */
const MAX_PROBLEMS = 20;

/**
 * The checked parameters of a request, from the query and the body (JSON or form-encoded). The body takes precedence.
 */
export function Parameters(schema: z.ZodType): ParameterDecorator {
  // Wrapped in an object, because Nest would take a schema for a pipe.
  return FromRequest({ expected: schema });
}

const FromRequest = createParamDecorator(
  ({ expected }: { readonly expected: z.ZodType }, context: ExecutionContext): unknown => {
    const { query, body } = context.switchToHttp().getRequest<{ query: unknown; body: unknown }>();
    if (body !== undefined && body !== null && !isObject(body)) {
      throw new ApiError('ERR_INVALID_REQUEST', 'the body must be a JSON object or form-encoded');
    }
    return parse(expected, { ...(isObject(query) ? query : {}), ...(isObject(body) ? body : {}) });
  },
);

/** @throws ApiError `ERR_INVALID_REQUEST` with the invalid parameters. */
function parse<Schema extends z.ZodType>(schema: Schema, given: object): z.output<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((parameter) => ({ parameter, problem: 'does not exist' }));
    }
    const parameter = String(issue.path[0] ?? '');
    const isMissing = !Object.hasOwn(given, parameter);
    return [{ parameter, problem: isMissing ? 'is missing' : explain(issue) }];
  });
  const reported = problems.slice(0, MAX_PROBLEMS);
  const summary = reported.map(({ parameter, problem }) => `${parameter} ${problem}`).join('; ');
  throw new ApiError('ERR_INVALID_REQUEST', summary, { problems: reported });
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.expected === 'string') return 'must be a single string';
  return issue.message;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

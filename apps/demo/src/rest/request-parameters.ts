import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { z } from 'zod';
import { ApiError } from './api-error.js';

/** How many problems of one request are told: a megabyte of nonsense must not be answered with ten. */
const MAX_PROBLEMS = 20;

/**
 * The parameters of a request, checked: from the query and from the body, be it JSON or form-encoded. What stands in both
 * counts as it stands in the body.
 */
export function Parameters(schema: z.ZodType): ParameterDecorator {
  // Inside an object: by itself a schema looks like a pipe of Nest's.
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

/** @throws ApiError `ERR_INVALID_REQUEST` that names the parameters that cannot be used. */
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
  const told = problems.slice(0, MAX_PROBLEMS);
  const summary = told.map(({ parameter, problem }) => `${parameter} ${problem}`).join('; ');
  throw new ApiError('ERR_INVALID_REQUEST', summary, { problems: told });
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.expected === 'string') return 'must be a single string';
  return issue.message;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

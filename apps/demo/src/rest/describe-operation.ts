import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import type { ANSWERS } from './answers.js';
import { API_ERRORS, type ApiErrorCode } from './api-error.js';

/** How one endpoint appears in the OpenAPI document. */
interface OperationText {
  readonly summary: string;
  readonly description: string;
  /** Its parameters. */
  readonly parameters: z.ZodObject;
  readonly answer: keyof typeof ANSWERS;
  readonly answerText: string;
  /** Errors beside those that every endpoint has. */
  readonly errors: readonly ApiErrorCode[];
}

const ERRORS_OF_ALL: readonly ApiErrorCode[] = ['ERR_API_KEY', 'ERR_FOREIGN_ORIGIN', 'ERR_INTERNAL'];

/** Describes a POST whose parameters come in its body, or in the query as the text says. */
export function PostOperation(text: OperationText): MethodDecorator {
  const schema = schemaOf(text.parameters);
  return applyDecorators(
    ApiOperation({
      summary: text.summary,
      description: `${text.description}\n\nThe parameters may be JSON, form-encoded, or stand in the query.`,
    }),
    ApiConsumes('application/x-www-form-urlencoded', 'application/json'),
    ApiBody({ schema }),
    answerOf(text),
    ...errorResponses([...text.errors, 'ERR_INVALID_REQUEST', 'ERR_UNSUPPORTED_MEDIA_TYPE']),
  );
}

/** Describes a GET whose parameters stand in the query. */
export function GetOperation(text: OperationText): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: text.summary, description: text.description }),
    ...queryOf(text.parameters),
    answerOf(text),
    ...errorResponses([...text.errors, 'ERR_INVALID_REQUEST']),
  );
}

/** The schema of what comes in, in the words of OpenAPI. */
export function schemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
}

export function queryOf(parameters: z.ZodObject): MethodDecorator[] {
  return Object.entries(parameters.shape).map(([name, schema]) => {
    const { description = '', ...rest } = schemaOf(schema as z.ZodType) as { description?: string };
    return ApiQuery({ name, required: false, description, schema: rest });
  });
}

function answerOf({ answer, answerText }: OperationText): MethodDecorator {
  const schema = { $ref: `#/components/schemas/${answer}` };
  return ApiResponse({ status: 200, description: answerText, schema });
}

/** One response for each status, which lists the codes that it comes with. */
export function errorResponses(codes: readonly ApiErrorCode[]): MethodDecorator[] {
  const all = [...new Set([...codes, ...ERRORS_OF_ALL])];
  const statuses = [...new Set(all.map((code) => API_ERRORS[code].status))].sort();
  return statuses.map((status) => {
    const here = all.filter((code) => API_ERRORS[code].status === status);
    return ApiResponse({
      status,
      description: here.map((code) => `\`${code}\`: ${API_ERRORS[code].means}`).join('\n\n'),
      content: {
        'application/json': {
          schema: { $ref: '#/components/schemas/ErrorAnswer' },
          examples: Object.fromEntries(
            here.map((code) => [code, { value: { code, message: API_ERRORS[code].means } }]),
          ),
        },
      },
    });
  });
}

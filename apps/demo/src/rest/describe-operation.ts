import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { API_ERRORS, type ApiErrorCode } from './api-error.js';
import type { RESPONSES } from './responses.js';

/** Description of an endpoint for the OpenAPI document. */
interface OperationText {
  readonly summary: string;
  readonly description: string;
  readonly parameters: z.ZodObject;
  readonly response: keyof typeof RESPONSES;
  readonly responseText: string;
  /** Errors in addition to those of every endpoint. */
  readonly errors: readonly ApiErrorCode[];
}

const ERRORS_OF_ALL: readonly ApiErrorCode[] = ['ERR_API_KEY', 'ERR_FOREIGN_ORIGIN', 'ERR_INTERNAL'];

/** Describes a POST with parameters in the body or the query. */
export function PostOperation(text: OperationText): MethodDecorator {
  const schema = schemaOf(text.parameters);
  return applyDecorators(
    ApiOperation({
      summary: text.summary,
      description: `${text.description}\n\nThe parameters can be JSON, form-encoded, or in the query.`,
    }),
    ApiConsumes('application/x-www-form-urlencoded', 'application/json'),
    ApiBody({ schema }),
    responseOf(text),
    ...errorResponses([...text.errors, 'ERR_INVALID_REQUEST', 'ERR_UNSUPPORTED_MEDIA_TYPE']),
  );
}

/** Describes a GET with parameters in the query. */
export function GetOperation(text: OperationText): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: text.summary, description: text.description }),
    ...queryOf(text.parameters),
    responseOf(text),
    ...errorResponses([...text.errors, 'ERR_INVALID_REQUEST']),
  );
}

/** The OpenAPI schema of a request. */
export function schemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' });
}

export function queryOf(parameters: z.ZodObject): MethodDecorator[] {
  return Object.entries(parameters.shape).map(([name, schema]) => {
    const { description = '', ...rest } = schemaOf(schema as z.ZodType) as { description?: string };
    return ApiQuery({ name, required: false, description, schema: rest });
  });
}

function responseOf({ response, responseText }: OperationText): MethodDecorator {
  const schema = { $ref: `#/components/schemas/${response}` };
  return ApiResponse({ status: 200, description: responseText, schema });
}

/** One response for each status, with its error codes. */
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
          schema: { $ref: '#/components/schemas/ErrorResponse' },
          examples: Object.fromEntries(
            here.map((code) => [code, { value: { code, message: API_ERRORS[code].means } }]),
          ),
        },
      },
    });
  });
}

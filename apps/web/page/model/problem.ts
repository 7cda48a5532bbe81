/** Why somebody is not logged in. */
export type Problem =
  | { readonly code: 'user-id-missing' | 'user-id-invalid' | 'token-missing' | 'server-invalid' }
  /** The page may not connect to other hosts than its own. */
  | { readonly code: 'server-elsewhere'; readonly host: string }
  | { readonly code: 'rejected'; readonly serverCode: number }
  | { readonly code: 'unreachable'; readonly server: string }
  /** There is something, and it does not answer as a server of this protocol does. */
  | { readonly code: 'no-answer'; readonly server: string }
  | { readonly code: 'kicked' }
  | { readonly code: 'other'; readonly text: string };

/** The field of the form that a problem is about; undefined where it is about none. */
export function fieldOf({ code }: Problem): 'userId' | 'token' | 'server' | undefined {
  switch (code) {
    case 'user-id-missing':
    case 'user-id-invalid':
      return 'userId';
    case 'token-missing':
    case 'rejected':
      return 'token';
    case 'server-invalid':
    case 'server-elsewhere':
    case 'unreachable':
    case 'no-answer':
      return 'server';
    case 'kicked':
    case 'other':
      return undefined;
    default:
      return code satisfies never;
  }
}

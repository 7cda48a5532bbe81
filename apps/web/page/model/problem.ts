/** Why a sign-in failed. */
export type Problem =
  | { readonly code: 'user-id-missing' | 'user-id-invalid' | 'token-missing' | 'server-invalid' }
  /** The page is not allowed to connect to other hosts. */
  | { readonly code: 'server-elsewhere'; readonly host: string }
  | { readonly code: 'rejected'; readonly serverCode: number }
  | { readonly code: 'unreachable'; readonly server: string }
  /** Something accepts connections there, but does not answer the login. */
  | { readonly code: 'no-answer'; readonly server: string }
  | { readonly code: 'kicked' }
  | { readonly code: 'other'; readonly text: string };

/** Returns the form field that a problem refers to, if any. */
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

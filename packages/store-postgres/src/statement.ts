/** A prepared statement: each connection parses it once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Ends the program because of its command line: exit code 2. */
export function refuse(text: string): never {
  console.error(text);
  process.exit(2);
}

/** The same module in fewer bytes; unless `withSentences`, errors are left with their codes. */
export function toLean(source: string, withSentences: boolean): string;

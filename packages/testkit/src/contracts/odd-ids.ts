/** Unusual but valid ids: any non-empty text of up to 256 characters is one. */
export const ODD_IDS: readonly string[] = [
  'user with spaces',
  "o'brien",
  '"quoted"',
  'a"; DROP TABLE messages; --',
  'back\\slash',
  '100%_',
  '用户甲',
  'émile',
  'E\u0301mile',
  '😀👩‍👩‍👧',
  'tab\there',
  'line\nbreak',
  '123',
  'ALICE',
  'x'.repeat(256),
];

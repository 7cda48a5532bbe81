/** Formats an instant in local time, with the date unless it is the day of `now`. Both in milliseconds since 1970. */
export function formatTime(at: number, now: number): string {
  const [date, time] = partsOf(at);
  const [today] = partsOf(now);
  return date === today ? time : `${date} ${time}`;
}

function partsOf(at: number): [date: string, time: string] {
  const instant = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  return [
    `${instant.getFullYear()}-${two(instant.getMonth() + 1)}-${two(instant.getDate())}`,
    `${two(instant.getHours())}:${two(instant.getMinutes())}`,
  ];
}

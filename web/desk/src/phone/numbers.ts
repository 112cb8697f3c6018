/** Telephone numbers as people type and read them. */

import { AsYouType, type CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/min";

/** Extensions and service codes are dialled as they are. */
const LONGEST_EXTENSION = 6;

const isInternal = (number: string): boolean => /[*#]/.test(number) || /^\d*$/.test(number) && number.length <= LONGEST_EXTENSION;

/** What was typed or pasted, without what only serves the eye. */
export function bare(typed: string): string {
  return typed.replace(/[^\d*#+]/g, "").replace(/(?!^)\+/g, "");
}

/** Grouped as in its country while it is being typed. */
export function asTyped(typed: string, country: string): string {
  const number = bare(typed);
  return isInternal(number) ? number : new AsYouType(country as CountryCode).input(number);
}

/** What to dial: E.164 where it is a number of the world, else as typed. */
export function toDial(typed: string, country: string): string {
  const number = bare(typed);
  if (isInternal(number)) return number;
  return parsePhoneNumberFromString(number, country as CountryCode)?.number ?? number;
}

/** For people to read: numbers of the own country as they are dialled there. */
export function readable(number: string, country: string): string {
  const parsed = number.startsWith("+") ? parsePhoneNumberFromString(number) : undefined;
  if (!parsed) return number;
  return parsed.country === country ? parsed.formatNational() : parsed.formatInternational();
}

// What is left out of typed text, folded and kept; `shared/domain/typed_text.py` is the server's.
// Both read the same document and keep the same values, which one table of values proves. Pure:
// touches no page and stores nothing. The server reads everything again in any case.

import data from "./typed-text-data.mjs";

const MAX_PARTS = 4;
const MAX_MARKS_IN_A_ROW = 30;
const CODE_DIGITS = 6;

const any = (signs) => new RegExp(`[${signs.replace(/[\\\]^-]/gu, "\\$&")}]`, "gu");
const ofClass = (signs, flags = "u") => new RegExp(`[${signs}]`, flags);
const literally = (text) => text.replace(/[$()*+./?[\\\]^{|}]/gu, "\\$&");

const PARTING = `${data.parting}${data.dashes} `;
const BLANK = ofClass(data.blanks, "gu");
const ODD_BLANK = /[\t\u1680\u2000-\u200a\u205f\u3000]/gu;
const INVISIBLE = ofClass(data.invisible, "gu");
const INVISIBLE_OR_JOINER = ofClass(data.invisible + data.joiners, "gu");
const EDGE = ofClass(data.blanks + data.invisible + data.joiners);
const VIRAMA = ofClass(data.viramas);
const JOINING_LETTER = ofClass(data.joining_letters);
const TRANSPARENT = /[\p{Mn}\p{Me}]/u;
const LONG_RUN_OF_MARKS = new RegExp(`\\p{M}{${MAX_MARKS_IN_A_ROW + 1}}`, "u");
const APOSTROPHES = any(data.apostrophes);
const DASHES = any(data.dashes);
const PHONE_DASHES = any(`${data.dashes}\u2010\u2011`);
const QUOTES = any(`${data.quotes} `).source;
const OUTER_QUOTES = new RegExp(`^${QUOTES}+|${QUOTES}+$`, "gu");
const LEFT_OUT_OF_NUMBERS = any(PARTING);
const LEFT_OUT_OF_RECOVERY_CODES = any(PARTING + data.quotes);
const DIGITS = new RegExp(`[0-9](?:${any(PARTING).source}{0,3}[0-9])*`, "gu");
const RECOVERY_CODE = /^[A-Z2-7]{16}$/u;
const LINE_NUMBER = /^(?:n° *)?(?:10|[1-9]) *[.):\]°] */iu;
const LOOSE_LINE_NUMBER = /^(?:n° *)?(?:10|[1-9])[-.):\]° ]+/iu;
const LOOK_ALIKES = new Map(Object.entries(data.recovery_look_alikes));
const ZEROS = [...data.digit_zeros].map((zero) => zero.codePointAt(0));

const words = (field) =>
  [...data.labels[field]].sort((one, other) => other.length - one.length).map(literally).join("|");

function label(field) {
  const number = "n(?:°|º|o|um[eé]ro)";
  return new RegExp(
    `^(?:${number}[. ]*(?:de +|d['’] *)?)?(?:${words(field)})(?: *(?:${number}|n[or]\\.|number|#))?`
      + "(?![\\p{L}\\p{Nl}\\p{No}])[ .:=#\\-]*(?=[^ .:=#\\-])",
    "iu",
  );
}

const LABELS = new Map(
  Object.keys(data.labels).map((field) => [
    field, field === "email" ? new RegExp(`^(?:${words(field)}) *: *`, "iu") : label(field),
  ]),
);

/** How many code points of a field are read. */
export const maxTypedLength = (field) => data.limits[field] ?? data.other_limit;

/**
 * The text in NFC.
 * @returns {{text: string, error: ?string}} `error` is too_long or too_many_marks
 */
function normalForm(text, maxLength) {
  if ([...text].length > MAX_PARTS * maxLength) return { text: "", error: "too_long" };
  if (LONG_RUN_OF_MARKS.test(text)) return { text: "", error: "too_many_marks" };
  return { text: text.normalize("NFC"), error: null };
}

/** The text without blanks and invisible signs at its edges; a joiner that a letter needs stays. */
export function cleanEdges(typed) {
  const text = [...typed];
  let start = 0;
  let end = text.length;
  while (start < end && EDGE.test(text[start])) start += 1;
  while (end > start && EDGE.test(text[end - 1])) {
    if (data.joiners.includes(text[end - 1]) && joinerBelongs(text, end - 1)) break;
    end -= 1;
  }
  return text.slice(start, end).join("");
}

/** A person's name: what looks like an apostrophe or a hyphen is read as such. */
export function cleanName(typed, maxLength) {
  const { text, error } = cleanLine(typed, maxLength);
  return { text: text.replace(APOSTROPHES, "'").replace(DASHES, "-"), error };
}

/** One line without outer blanks and invisible signs. */
export function cleanLine(typed, maxLength) {
  const { text, error } = normalForm(typed, maxLength);
  return { text: cleanEdges(text).replace(ODD_BLANK, " "), error };
}

/** Several lines, without invisible signs but joiners. */
export function cleanText(typed, maxLength) {
  const { text, error } = normalForm(typed, maxLength);
  return { text: cleanEdges(text.replace(INVISIBLE, "")), error };
}

/** An e-mail address, without a label in front. */
export function cleanEmail(typed, maxLength) {
  const { text, error } = cleanLine(typed, maxLength);
  return { text: text.includes("@") ? text.replace(LABELS.get("email"), "") : text, error };
}

/** A number or identifier in capitals: without its label, blanks and signs that part digits. */
export function cleanNumber(field, typed) {
  return upper(withoutLabel(field, asciiLine(field, typed)).replace(LEFT_OUT_OF_NUMBERS, ""));
}

/** A postal code without its label, with plain blanks and hyphens. */
export function cleanPostalCode(typed) {
  return plainSigns(withoutLabel("postal_code", asciiLine("postal_code", typed))).trim();
}

/** A telephone number without its label; slashes part digits as blanks do. */
export function cleanPhone(typed) {
  return plainSigns(withoutLabel("phone", asciiLine("phone", typed))).replace(/ +/gu, " ").trim();
}

/** The only six digits in what was typed, of any script, whatever surrounds or parts them; or null. */
export function readCode(typed) {
  const codes = (asciiLine("code", typed).match(DIGITS) ?? [])
    .map((group) => group.replace(/[^0-9]/gu, ""))
    .filter((digits) => digits.length === CODE_DIGITS);
  return codes.length === 1 ? codes[0] : null;
}

/** The sixteen signs of a recovery code, or null for what cannot be one. */
export function readRecoveryCode(typed) {
  for (const candidate of recoveryCandidates(asciiLine("recovery_code", typed))) {
    const signs = [...upper(candidate.replace(LEFT_OUT_OF_RECOVERY_CODES, ""))];
    const code = signs.map((sign) => LOOK_ALIKES.get(sign) ?? sign).join("");
    if (RECOVERY_CODE.test(code)) return code;
  }
  return null;
}

/** Whether a joiner is part of the spelling; `text` is a list of code points. */
function joinerBelongs(text, at) {
  if (at > 0 && VIRAMA.test(text[at - 1])) return true;
  if (text[at] === "\u200d") return at > 0 && at + 1 < text.length && VIRAMA.test(text[at + 1]);
  let left = at - 1;
  let right = at + 1;
  while (left >= 0 && TRANSPARENT.test(text[left])) left -= 1;
  while (right < text.length && TRANSPARENT.test(text[right])) right += 1;
  if (left < 0 || right === text.length) return false;
  return JOINING_LETTER.test(text[left]) && JOINING_LETTER.test(text[right]);
}

/** What is read of a number or code: ASCII where it looks so, plain blanks, nothing invisible. */
function asciiLine(field, typed) {
  const text = [...typed].slice(0, maxTypedLength(field)).join("").replace(INVISIBLE_OR_JOINER, "");
  return [...text].map(ascii).join("").replace(BLANK, " ").replace(/^ +| +$/gu, "");
}

/** A full-width form, or a digit of any script, as ASCII. */
function ascii(sign) {
  const code = sign.codePointAt(0);
  if (code < 0x80) return sign;
  const zero = ZEROS.find((one) => one <= code && code < one + 10);
  if (zero !== undefined) return String(code - zero);
  return code >= 0xff01 && code <= 0xff5e ? String.fromCodePoint(code - 0xfee0) : sign;
}

const upper = (text) => text.replace(/[a-z]/gu, (letter) => letter.toUpperCase());

const plainSigns = (text) => text.replace(PHONE_DASHES, "-").replace(/[/\\]/gu, " ");

const withoutLabel = (field, text) =>
  text.replace(OUTER_QUOTES, "").replace(LABELS.get(field), "").replace(OUTER_QUOTES, "");

function recoveryCandidates(text) {
  const numbered = text.replace(LINE_NUMBER, "");
  if (numbered !== text) return [numbered];
  const unlabelled = withoutLabel("recovery_code", text);
  return [text, unlabelled, unlabelled.replace(LOOSE_LINE_NUMBER, "")];
}

// The page's interpreter of the password rules; `services/registration/passwords.py` is the
// server's. Both read the same document and give the same verdicts, which one table of passwords
// proves. Pure: touches no page and stores nothing. The server validates again in any case.

/**
 * One verdict for each rule shown, in the order shown.
 * @param {object} rules the document that the server serves
 * @param {{password: string, firstName?: string, lastName?: string, address?: string}} candidate
 * @returns {{rule: string, ok: boolean, code: string|null, params: object}[]}
 */
export function evaluate(rules, candidate) {
  const password = candidate.password.normalize("NFC");
  const folded = fold(rules, password);
  const typed = { plain: [...plain(rules, password)], folded: [...folded] };
  const verdicts = new Map([
    ["mixed_case", () => mixedCase(password)],
    ["min_length", () => minLength(rules, password)],
    ["max_length", () => maxLength(rules, password)],
    ["forbidden_words", () => forbiddenWords(rules, folded)],
    ["identity", () => identity(rules, typed, candidate)],
    ["common", () => common(rules, typed)],
  ]);
  return rules.shown.map((rule) => {
    const [code, params] = verdicts.get(rule)() ?? [null, {}];
    return { rule, ok: code === null, code, params };
  });
}

/**
 * How strong a password looks: help for the person, never a reason to refuse.
 * @returns {"weak"|"medium"|"strong"}
 */
export function strength(rules, candidate) {
  if (!evaluate(rules, candidate).every((verdict) => verdict.ok)) return "weak";
  const bits = estimateBits(rules, candidate.password.normalize("NFC"));
  if (bits < rules.strength.medium_bits) return "weak";
  return bits < rules.strength.strong_bits ? "medium" : "strong";
}

/** The text for comparisons: no case, no accents, no invisible characters, look-alikes alike. */
export function fold(rules, text) {
  const lookAlikes = new Map(Object.entries(rules.fold.look_alikes));
  return [...plain(rules, text)].map((char) => lookAlikes.get(char) ?? char).join("");
}

/** As `fold`, with look-alikes left as they are; both results have the same length. */
function plain(rules, text) {
  const letters = new Map(Object.entries(rules.fold.letters));
  const bare = text.normalize("NFKD").toLowerCase().normalize("NFKD").replace(/[\p{M}\p{Cf}]/gu, "");
  return [...bare].map((char) => letters.get(char) ?? char).join("");
}

function mixedCase(password) {
  const upper = /\p{Lu}/u.test(password);
  const lower = /\p{Ll}/u.test(password);
  if (upper && lower) return null;
  const missing = upper ? "lower" : lower ? "upper" : "both";
  return [`mixed_case_missing_${missing}`, {}];
}

function minLength(rules, password) {
  const length = [...password].length;
  return length >= rules.min_length ? null : ["too_short", { min: rules.min_length, length }];
}

function maxLength(rules, password) {
  const length = [...password].length;
  return length <= rules.max_length ? null : ["too_long", { max: rules.max_length, length }];
}

function forbiddenWords(rules, folded) {
  const word = rules.forbidden_words.find((each) => folded.includes(fold(rules, each)));
  return word === undefined ? null : ["forbidden_word", { word }];
}

function identity(rules, typed, candidate) {
  const at = (candidate.address ?? "").lastIndexOf("@");
  const local = at < 0 ? "" : candidate.address.slice(0, at);
  const labels = (candidate.address ?? "").slice(at + 1).split(".");
  const known = [local, ...(labels.length > 1 ? labels.slice(0, -1) : labels)].join(" ");
  const texts = [
    ["first_name", candidate.firstName ?? ""],
    ["last_name", candidate.lastName ?? ""],
    ["address", known],
  ];
  for (const [part, text] of texts) {
    for (const word of text.normalize("NFC").split(/[^\p{L}\p{M}]+/u)) {
      const letters = [...word].length;
      if (letters >= rules.identity.min_part && isDisguised([...fold(rules, word)], typed)) {
        return ["identity", { part, word }];
      }
    }
  }
  return null;
}

// Digits alone are no word: 154 is nobody's Isa.
function isDisguised(word, { plain: signs, folded }) {
  for (let start = 0; start + word.length <= folded.length; start += 1) {
    if (word.every((char, place) => char === folded[start + place])) {
      if (signs.slice(start, start + word.length).some(isLetter)) return true;
    }
  }
  return false;
}

function isLetter(char) {
  return /\p{L}/u.test(char);
}

function common(rules, typed) {
  const run = longestRun(rules, typed);
  if (run !== "") return ["sequence", { run }];
  const [start, end] = longestRepeat(typed.folded);
  if (end - start < rules.sequences.min_run) return null;
  return ["repeated", { run: typed.plain.slice(start, end).join(""), count: end - start }];
}

const rowsOf = new WeakMap();

function longestRun(rules, typed) {
  if (!rowsOf.has(rules)) rowsOf.set(rules, rowsAndStarts(rules));
  const starts = rowsOf.get(rules);
  const size = rules.sequences.min_run;
  let longest = [];
  for (let start = 0; start + size <= typed.folded.length; start += 1) {
    for (const [row, at] of starts.get(typed.folded.slice(start, start + size).join("")) ?? []) {
      const run = commonPart(row, at, typed, start);
      if (run.length > longest.length) longest = run;
    }
  }
  return longest.length >= size ? longest.join("") : "";
}

// The keys of a row from `at` on that what is typed follows from `start` on. Look-alikes only stand for
// letters: @zer is azer, but elo is not 310.
function commonPart(row, at, typed, start) {
  let length = 0;
  while (at + length < row.keys.length && start + length < typed.folded.length) {
    const [key, place] = [row.plain[at + length], start + length];
    if (typed.folded[place] !== row.folded[at + length]) break;
    if (typed.plain[place] !== key && !isLetter(key)) break;
    length += 1;
  }
  return row.keys.slice(at, at + length);
}

function rowsAndStarts(rules) {
  const starts = new Map();
  const size = rules.sequences.min_run;
  for (const each of rules.sequences.rows) {
    for (const keys of [[...each], [...each].reverse()]) {
      const text = keys.join("");
      const row = { keys, plain: [...plain(rules, text)], folded: [...fold(rules, text)] };
      for (let at = 0; at + size <= keys.length; at += 1) {
        const same = row.folded.slice(at, at + size).join("");
        starts.set(same, [...(starts.get(same) ?? []), [row, at]]);
      }
    }
  }
  return starts;
}

/** Start and end of the longest run of one character. */
function longestRepeat(folded) {
  let [start, first, end] = [0, 0, 0];
  for (let at = 0; at < folded.length; at += 1) {
    if (folded[at] !== folded[start]) start = at;
    if (at + 1 - start > end - first) [first, end] = [start, at + 1];
  }
  return [first, end];
}

function estimateBits(rules, password) {
  const { pools, predictable_share: share } = rules.strength;
  const kinds = new Set([...password].map(kindOf));
  const pool = [...kinds].reduce((sum, kind) => sum + pools[kind], 0);
  let length = 0;
  let before = -2;
  for (const char of password.toLowerCase()) {
    const point = char.codePointAt(0);
    length += Math.abs(point - before) <= 1 ? share : 1;
    before = point;
  }
  return pool > 0 ? length * Math.log2(pool) : 0;
}

function kindOf(char) {
  if (char >= "a" && char <= "z") return "lower";
  if (char >= "A" && char <= "Z") return "upper";
  if (char >= "0" && char <= "9") return "digit";
  return char.codePointAt(0) < 128 ? "sign" : "beyond";
}

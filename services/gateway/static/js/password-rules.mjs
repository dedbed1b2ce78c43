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
  const verdicts = new Map([
    ["mixed_case", () => mixedCase(password)],
    ["min_length", () => minLength(rules, password)],
    ["max_length", () => maxLength(rules, password)],
    ["forbidden_words", () => forbiddenWords(rules, folded)],
    ["identity", () => identity(rules, folded, candidate)],
    ["common", () => common(rules, password, folded)],
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

function identity(rules, folded, candidate) {
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
      if (letters >= rules.identity.min_part && folded.includes(fold(rules, word))) {
        return ["identity", { part, word }];
      }
    }
  }
  return null;
}

function common(rules, password, folded) {
  const run = findRun(rules, plain(rules, password), folded);
  if (run !== null) return ["sequence", { run }];
  const count = longestRepeat(folded);
  return count < rules.sequences.min_run ? null : ["repeated", { count }];
}

const runsOf = new WeakMap();

function findRun(rules, unfolded, folded) {
  if (!runsOf.has(rules)) runsOf.set(rules, grams(rules));
  const runs = runsOf.get(rules);
  const size = rules.sequences.min_run;
  const [typed, chars] = [[...unfolded], [...folded]];
  for (let start = 0; start + size <= chars.length; start += 1) {
    const pieces = runs.get(chars.slice(start, start + size).join("")) ?? [];
    const signs = typed.slice(start, start + size);
    const found = pieces.find((piece) => standsFor(signs, [...plain(rules, piece)]));
    if (found !== undefined) return found;
  }
  return null;
}

// Look-alikes only stand for letters: @zer is azer, but elo is not 310.
function standsFor(signs, keys) {
  return signs.every((sign, place) => sign === keys[place] || /\p{L}/u.test(keys[place]));
}

function grams(rules) {
  const runs = new Map();
  const size = rules.sequences.min_run;
  for (const row of rules.sequences.rows) {
    for (const keys of [[...row], [...row].reverse()]) {
      for (let start = 0; start + size <= keys.length; start += 1) {
        const piece = keys.slice(start, start + size).join("");
        const same = fold(rules, piece);
        runs.set(same, [...(runs.get(same) ?? []), piece]);
      }
    }
  }
  return runs;
}

function longestRepeat(folded) {
  let longest = 0;
  let count = 0;
  let before = null;
  for (const char of folded) {
    count = char === before ? count + 1 : 1;
    longest = Math.max(longest, count);
    before = char;
  }
  return longest;
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

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The forms in which a secret may show up in output besides itself; each is searched for as it stands and with gaps. */
export function listSecretForms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = bytes.toString("base64");
  const forms = [
    secret,
    secret.toLowerCase(),
    secret.toUpperCase(),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    [...secret].reverse().join(""),
    rotate13(secret),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    [...bytes.toString("hex")].reverse().join(""),
    Buffer.from(secret, "utf16le").toString("hex"),
    ...[0, 1, 2, 3, 4].map((offset) => readBase32(bytes, offset)),
    [...bytes].map((byte) => byte.toString(8).padStart(3, "0")).join(""),
    [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join(""),
    [...secret].map((char) => `&#${char.codePointAt(0)};`).join(""),
    [...secret].map((char) => `&#x${char.codePointAt(0)!.toString(16)};`).join(""),
    [...secret].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
    [...secret].map((char) => `\\u{${char.codePointAt(0)!.toString(16)}}`).join(""),
    [...bytes].map((byte) => `%25${byte.toString(16).padStart(2, "0")}`).join(""),
    ...base64Forms(bytes),
    ...base64Forms(Buffer.from(secret, "utf16le")),
    ...base64Forms(Buffer.from(encoded)),
    ...base64Forms(Buffer.from([...secret].reverse().join(""))),
  ];
  return [...new Set(forms)].filter((form) => form.length >= 6);
}

/** Base64 of the bytes at each of the three alignments, without the characters that neighbours decide; also URL-safe. */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = [];
  for (const offset of [0, 1, 2]) {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    const from = offset === 0 ? 0 : offset + 1;
    const to = (offset + bytes.length) % 3 === 0 ? text.length : text.length - 1;
    const stable = text.slice(from, to);
    forms.push(stable, stable.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms;
}

function rotate13(text: string): string {
  return text.replace(/[a-z]/gi, (char) => {
    const start = char <= "Z" ? 65 : 97;
    return String.fromCharCode(((char.charCodeAt(0) - start + 13) % 26) + start);
  });
}

/** Base32 of the bytes after `offset` others, without the characters that neighbours decide. */
function readBase32(bytes: Buffer, offset: number): string {
  const bits = [...Buffer.alloc(offset), ...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const whole = (bits.match(/.{5}/g) ?? []).map((five) => base32[Number.parseInt(five, 2)]).join("");
  return whole.slice(Math.ceil((offset * 8) / 5));
}

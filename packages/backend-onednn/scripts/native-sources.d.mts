/** 16 hexadecimal digits that name the state of the addon's sources. */
export function nativeSources(): string;

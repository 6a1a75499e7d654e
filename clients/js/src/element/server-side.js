// What a module needs of a browser when it is only imported: servers that render pages import it too.
export const HTMLElement = globalThis.HTMLElement ?? class {};
export const document = globalThis.document ?? { createTreeWalker: () => ({}) };

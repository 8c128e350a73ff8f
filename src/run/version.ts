import manifest from "../../package.json" with { type: "json" };

/** Version of this Baton, as the journal and `baton --version` name it. */
export const version: string = manifest.version;

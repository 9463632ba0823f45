import { configJsonSchema, explainKey, keyWords, loadConfig } from "@simclr/pipeline";

export interface ConfigValidateOptions {
  readonly data?: string;
  readonly set: readonly string[];
  readonly json?: boolean;
}

export interface ConfigExplainOptions {
  readonly json?: boolean;
}

/** `simclr config schema` */
export function configSchemaCommand(): void {
  process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
}

/** `simclr config validate FILE` */
export async function configValidateCommand(file: string, options: ConfigValidateOptions): Promise<void> {
  const config = await loadConfig(file, options);
  if (options.json) process.stdout.write(`${JSON.stringify(config, null, 2)}\n`);
  else process.stdout.write(`${file}: valid\n`);
}

/** `simclr config explain KEY` */
export function configExplainCommand(key: string, { json = false }: ConfigExplainOptions): void {
  const keys = explainKey(key);
  if (json) process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
  else process.stdout.write(keys.map((each) => `${each.key}: ${keyWords(each)}\n`).join(""));
}

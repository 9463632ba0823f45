import { z } from "zod";

/** What is left of a value that went through JSON: keys without a value are gone, list entries without one are null. */
export type Json<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null
    ? T
    : T extends readonly unknown[]
      ? { readonly [K in keyof T]: Json<Exclude<T[K], undefined>> | (undefined extends T[K] ? null : never) }
      : { readonly [K in keyof T as undefined extends T[K] ? never : K]: Json<T[K]> } & {
          readonly [K in keyof T as undefined extends T[K] ? K : never]?: Json<Exclude<T[K], undefined>> | undefined;
        };

export const count = z.int().min(0);
export const share = z.number().min(0).max(1);
export const seconds = z.number().min(0);
export const texts = z.record(z.string(), z.string());

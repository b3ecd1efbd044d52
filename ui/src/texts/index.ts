/** All English of the application, by room; a translation is another folder of the same shape. */
import { charts, ranges, shell, units } from "./shell";

export const texts = { shell, ranges, units, charts } as const;

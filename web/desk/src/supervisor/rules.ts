/** Rules for form fields. */

import type { FormRule } from "antd";

/**
 * Something has to be chosen from a list.
 *
 * With `required` Ant Design marks the frame around the list instead of the list itself, where screen readers may not
 * find such a mark (ARIA allows it on input fields only).
 */
export function chosen(message: string): FormRule {
  return {
    validator: (_, value: unknown) => {
      const nothing = value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
      return nothing ? Promise.reject(new Error(message)) : Promise.resolve();
    },
  };
}

// A new password for an account that exists. Within a session the page knows whose it is.

import { watchPassword } from "./password-field.mjs";

const form = document.querySelector("[data-password-form]");
const { name, address } = form.dataset;
watchPassword(form, () => (address ? { firstName: name, address } : null));

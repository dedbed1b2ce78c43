// The page that proves an address again: the wait before another code.

import { countDown } from "./resend.mjs";

countDown();

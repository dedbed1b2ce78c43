// The page that verifies an address: the wait before another code.

import { countDown } from "./resend.mjs";

countDown();

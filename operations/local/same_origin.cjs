// Loaded before the mail catcher (node --require): its server answers no page of another origin.
//
// The catcher itself allows every origin to read and delete mails. Links to its page still work, and
// so do programs, which send neither Origin nor Sec-Fetch-Site. A name that only resolves to this
// machine (DNS rebinding) is no origin of ours.
"use strict";
const { Server } = require("http");

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

function isRefused({ headers, method }) {
  if (!LOOPBACK.test(headers.host || "")) return true;
  if (headers.origin && headers.origin !== `http://${headers.host}`) return true;
  const site = headers["sec-fetch-site"];
  if (!site || site === "same-origin" || site === "none") return false;
  const isLink = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return method !== "GET" || !isLink;
}

const emit = Server.prototype.emit;
Server.prototype.emit = function (event, request, answer, ...rest) {
  if ((event === "request" || event === "upgrade") && isRefused(request)) {
    if (event === "upgrade") answer.destroy();
    else answer.writeHead(403, { "Content-Type": "text/plain" }).end("Another origin.\n");
    return true;
  }
  return emit.call(this, event, request, answer, ...rest);
};

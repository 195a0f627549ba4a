/** The data that a page holds. */

/** Return the data that `page` of celpvq/web/page.py has put into the page. */
export const embeddedData = () => JSON.parse(document.getElementById("data").textContent);

/** Return the bytes of a text in base64. */
export const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// Package browsertest clicks the whole road in a headless Chromium, as a person
// would on the demo's page. It needs /usr/bin/chromium and the build tag
// `browser`.
package browsertest

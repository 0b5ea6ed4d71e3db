package report_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var screenshot = flag.String("screenshot", "", "write a picture of the page to this file")

// browser is a headless Chromium that is driven through its DevTools protocol over a pipe (--remote-debugging-pipe): messages of
// JSON, each ended by a zero byte, on the file descriptors 3 and 4. https://chromedevtools.github.io/devtools-protocol/
type browser struct {
	t        *testing.T
	in       *os.File
	out      *bufio.Reader
	session  string
	last     int
	problems []string // exceptions, errors of the console and the log
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// startBrowser skips the test where no Chromium is installed or it does not start.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds to start; -short leaves it out")
	}
	path := ""
	for _, name := range [...]string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && path == "" {
			path = p
		}
	}
	if path == "" {
		t.Skip("no Chromium is installed (chromium, chromium-browser, google-chrome): the page is not tried out in a browser")
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--window-size=1100,1000",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		cancel()
		t.Skipf("%s does not start: %v", path, err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		in.Close() // the browser ends with its pipe
		cmd.Wait()
		cancel()
		out.Close()
	})
	if _, err := b.try("Browser.getVersion", nil); err != nil {
		t.Skipf("%s gives no answer: %v", path, err)
	}
	b.attach()
	return b
}

func (b *browser) attach() {
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	for _, domain := range [...]string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
}

// try sends a command and waits for its answer; events in between are noted.
func (b *browser) try(method string, params any) (json.RawMessage, error) {
	b.last++
	id := b.last
	if params == nil {
		params = struct{}{}
	}
	command := map[string]any{"id": id, "method": method, "params": params}
	if b.session != "" {
		command["sessionId"] = b.session
	}
	text, err := json.Marshal(command)
	if err != nil {
		return nil, err
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		return nil, err
	}
	for {
		m, err := b.next()
		switch {
		case err != nil:
			return nil, err
		case m.ID != id:
			b.event(m)
		case m.Error != nil:
			return nil, fmt.Errorf("%s: %s", method, m.Error.Message)
		default:
			return m.Result, nil
		}
	}
}

func (b *browser) next() (*message, error) {
	text, err := b.out.ReadBytes(0)
	if err != nil {
		return nil, err
	}
	var m message
	return &m, json.Unmarshal(text[:len(text)-1], &m)
}

// event notes what should not happen: an exception, an error in the console, a request to anywhere.
func (b *browser) event(m *message) {
	params := string(m.Params)
	switch m.Method {
	case "Runtime.exceptionThrown":
		b.problems = append(b.problems, "exception: "+params)
	case "Runtime.consoleAPICalled":
		b.problems = append(b.problems, "console: "+params)
	case "Log.entryAdded":
		if !strings.Contains(params, `"level":"verbose"`) && !strings.Contains(params, `"level":"info"`) {
			b.problems = append(b.problems, "log: "+params)
		}
	case "Network.requestWillBeSent":
		var p struct{ Request struct{ URL string } }
		if json.Unmarshal(m.Params, &p) == nil && !strings.HasPrefix(p.Request.URL, "file:") && !strings.HasPrefix(p.Request.URL, "data:") {
			b.problems = append(b.problems, "request: "+p.Request.URL)
		}
	}
}

func (b *browser) call(method string, params, into any) {
	b.t.Helper()
	result, err := b.try(method, params)
	if err == nil && into != nil {
		err = json.Unmarshal(result, into)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// open loads a page and waits until it is there.
func (b *browser) open(path string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	for range 200 {
		if b.eval(`document.readyState === "complete" && location.protocol === "file:"`) == "true" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Fatal("the page does not load")
}

// eval gives the value of an expression as JSON.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails)
	}
	return string(r.Result.Value)
}

// click presses the mouse in the middle of an element, as a person would.
func (b *browser) click(selector string) {
	b.t.Helper()
	var at struct{ X, Y float64 }
	text := b.eval(fmt.Sprintf(`(function () { var e = document.querySelector(%q); e.scrollIntoView({block: "center"});
		var r = e.getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}; })()`, selector))
	if err := json.Unmarshal([]byte(text), &at); err != nil {
		b.t.Fatalf("%s: %s", selector, text)
	}
	for _, kind := range [...]string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left", "clickCount": 1}, nil)
	}
}

func (b *browser) key(key, text string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "text": text}, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key}, nil)
}

const shownRows = `Array.from(document.querySelectorAll("#entries tbody tr"))
	.filter(function (r) { return r.getClientRects().length > 0; }).map(function (r) { return r.cells[2].firstChild.data; }).join(" ")`

// TestBrowser clicks through a page as a person would: the alternatives, the graph, the filter.
func TestBrowser(t *testing.T) {
	b := startBrowser(t)
	file := filepath.Join(t.TempDir(), "answer.html")
	if err := os.WriteFile(file, []byte(page(t, sample())), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open(file)
	expect := func(expression, want string) {
		t.Helper()
		if got := b.eval(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	expect(shownRows, `"app-misc/app-1 dev-libs/lib-2"`)
	expect(`document.querySelectorAll("input[name=choice]").length`, "3")

	b.click("#a2")
	expect(`document.querySelector("#a2").checked`, "true")
	expect(shownRows, `"app-misc/other-1 app-misc/app-1"`)
	expect(`document.querySelector("#e0").cells[0].textContent`, `"2"`)
	expect(`document.querySelector("tr.only").cells[2].firstChild.data`, `"app-misc/other-1"`)
	b.click("label[for=a1]")
	expect(shownRows, `"dev-libs/lib-2 app-misc/app-1"`)
	expect(`document.querySelectorAll("tr.only").length`, "0")

	b.click("#c0n1")
	expect(`document.querySelector("#c0r1").classList.contains("hit")`, "true")
	expect(`document.querySelector("#c0n1").getAttribute("aria-pressed")`, `"true"`)
	b.eval(`document.querySelector("#c0n1").focus()`)
	b.key("Enter", "\r")
	expect(`document.querySelectorAll(".hit").length`, "0")

	b.click("#filter")
	b.call("Input.insertText", map[string]any{"text": "lib"}, nil)
	expect(shownRows, `"dev-libs/lib-2"`)
	expect(`document.getElementById("count").textContent`, `"1 of 2 entries"`)
	for _, p := range b.problems {
		t.Error(p)
	}
}

// TestBrowserLarge: the page of a large plan answers at once.
func TestBrowserLarge(t *testing.T) {
	b := startBrowser(t)
	file := filepath.Join(t.TempDir(), "large.html")
	if err := os.WriteFile(file, []byte(page(t, large(1500))), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open(file)
	took := b.eval(`(function () { var start = performance.now(); document.querySelector("#a3").click();
		document.body.getBoundingClientRect(); return Math.round(performance.now() - start); })()`)
	t.Logf("another plan of 1,500 packages in %s ms", took)
	if got := b.eval(`document.querySelectorAll("#entries tbody tr:not([hidden])").length`); got != "1500" {
		t.Errorf("%s rows", got)
	}
	for _, p := range b.problems {
		t.Error(p)
	}
}

// TestScreenshot makes the picture of docs: go test ./cli/report -run Screenshot -page FILE.html -screenshot FILE.png
func TestScreenshot(t *testing.T) {
	if *screenshot == "" {
		t.Skip("no file is named with -screenshot")
	}
	b := startBrowser(t)
	path, err := filepath.Abs(*shot)
	if err != nil {
		t.Fatal(err)
	}
	b.open(path)
	var size struct {
		CSSContentSize struct{ Width, Height float64 }
	}
	b.call("Page.getLayoutMetrics", nil, &size)
	var r struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true, "clip": map[string]any{
		"x": 0, "y": 0, "width": size.CSSContentSize.Width, "height": size.CSSContentSize.Height, "scale": 0.8}}, &r)
	picture, err := base64.StdEncoding.DecodeString(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*screenshot, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}

var shot = flag.String("page", "", "the page that -screenshot shows")

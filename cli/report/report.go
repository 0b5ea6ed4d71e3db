// Package report makes a page of an answer: one HTML file without anything outside of it, to click through the plan, the conflicts
// and the alternatives. It works from answer.Result alone and decides nothing.
package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/portsolve/portsolve/cli/render"
	"github.com/portsolve/portsolve/solver/answer"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// view is what the template shows.
type view struct {
	Title, Command string
	Status         string // answer.Status
	Verdict        string // the same in words
	CSS            template.CSS
	JS             template.JS
	Why            string // the title of Conflicts
	Conflicts      []conflict
	LeaveOut       []string
	Choices        []choice
	End            string // whether there are more
	Rows           []row
	Shown          int // rows of the plan that is shown first
	Held           []held
	Warnings       []string
	Text           string // the answer as text: nothing is missing there
	Data           payload
}

// payload is what the script works on.
type payload struct {
	Plans []planData `json:"plans"`
}

// planData is a plan as the numbers of its rows.
type planData struct {
	Rows []int `json:"rows"`
	New  []int `json:"new"` // those that the plan shown first does not have
}

type conflict struct {
	Number  int
	ID      string
	Summary string
	Rules   []rule
	Also    []rule
	Graph   drawing
}

type rule struct {
	ID      string
	Number  int // in the graph
	Text    string
	Refused []refused
	File    string
}

type refused struct {
	Names    string
	Text     string
	Comments []string
}

// choice is one plan that can be selected.
type choice struct {
	Number  int // plan
	Title   string
	Changes [][2]string
	Against []string
	Facts   string
	Checked bool
}

type held struct {
	CPV, Selected string
	By            []string
}

// Write writes the page. command are the words after `portsolve`, for the title. The error is that of w.
func Write(w io.Writer, res *answer.Result, command string) error {
	v := view{Command: command, Status: string(res.Status), Verdict: verdict(res), CSS: template.CSS(pageCSS), JS: template.JS(pageJS)}
	v.Why = "Why not"
	if res.Status == answer.ChangesNeeded {
		v.Why = "Why changes are needed"
	}
	v.Title = "portsolve"
	if command != "" {
		v.Title += " " + command
	}
	v.conflicts(res)
	for _, x := range res.LeaveOut {
		name := "without " + x.Atom
		if strings.HasPrefix(x.Arg, "@") {
			name += " in " + x.Arg
		}
		v.LeaveOut = append(v.LeaveOut, name)
	}
	v.plans(res)
	for _, h := range res.HeldBack {
		one := held{CPV: h.CPV, Selected: h.Selected}
		for _, b := range h.By {
			one.By = append(one.By, render.ReasonText(b))
		}
		v.Held = append(v.Held, one)
	}
	v.Warnings = res.Warnings
	if err := v.text(res); err != nil {
		return err
	}
	t, err := template.New("page").Funcs(template.FuncMap{"join": joinNumbers}).Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("the template of the page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, &v); err != nil {
		return fmt.Errorf("filling the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

func verdict(res *answer.Result) string {
	switch res.Status {
	case answer.Solved:
		return "The request has a solution."
	case answer.NothingToDo:
		return "Nothing to do: the system already is as requested."
	case answer.ChangesNeeded:
		return "The request has a solution with changes of the configuration."
	case answer.Unsolvable:
		return "The request has no solution under the present configuration."
	}
	return string(res.Status)
}

func (v *view) text(res *answer.Result) error {
	var b bytes.Buffer
	text := render.Text
	if res.Removal != nil {
		text = render.Removal
	}
	err := text(&b, res, render.Options{Level: render.Verbose, SlotRebuilds: true, AllParents: true})
	v.Text = strings.Trim(b.String(), "\n")
	return err
}

func (v *view) conflicts(res *answer.Result) {
	for i := range res.Conflicts {
		c := &res.Conflicts[i]
		out := conflict{Number: i + 1, ID: fmt.Sprintf("c%d", i), Summary: c.Summary, Graph: draw(c)}
		for j := range c.Rules {
			out.Rules = append(out.Rules, newRule(out.ID, j, &c.Rules[j]))
		}
		for j := range c.Also {
			out.Also = append(out.Also, newRule(out.ID, len(c.Rules)+j, &c.Also[j]))
		}
		v.Conflicts = append(v.Conflicts, out)
	}
}

func newRule(conflict string, n int, r *answer.Rule) rule {
	out := rule{ID: fmt.Sprintf("%sr%d", conflict, n), Number: n, Text: r.Text, File: r.File}
	if r.Lead != "" {
		out.Text = r.Lead
	}
	for _, x := range r.Refused {
		one := refused{Names: x.Names, Text: x.Text}
		for _, reason := range x.Reasons {
			if reason.Comment != "" {
				one.Comments = append(one.Comments, reason.Comment)
			}
		}
		out.Refused = append(out.Refused, one)
	}
	return out
}

func joinNumbers(list []int) string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprint(n))
	}
	return strings.Join(out, " ")
}

// keyOf is the same for entries that look the same.
func keyOf(e *answer.Entry) string {
	same := *e
	same.After, same.Download, same.Package, same.Old, same.InstalledSlots = nil, nil, nil, nil, nil
	text, err := json.Marshal(&same)
	if err != nil {
		return fmt.Sprintf("%p", e) // no such entry is like another
	}
	return string(text)
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/casebridge/casebridge/connectors"
	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/specs"
)

// The scripts are what the program promises on the command line. Besides the
// commands of testscript they know:
//
//	casebridge ARGS…        the program, in this process; `! casebridge` when it must not exit with 0
//	code N                  the exit code of the last casebridge
//	specs DIR               writes the embedded project into DIR
//	edit FILE OLD NEW       replaces the one place where OLD stands; \n in NEW is a new line
//	replace FILE OLD NEW    replaces OLD wherever it stands, at least once
//	sandbox [SPECS]         starts both simulated systems and sets the variables that lead to them; Primero
//	                        with the forms and code lists that SPECS describe, else with ours
//	refer NAME SUBTYPE NGO  a social worker opens a case and refers it; $NAME becomes its case_id, $NAME_SHORT the
//	                        id that people see
//	again NAME SUBTYPE NGO  … refers it once more
//	client NAME NGO         an NGO enters a child and refers it to the government; $NAME becomes its slug
//	offers NAME NGO SERVICE … with a service of that name, known or not
//	unborn NGO              an NGO's client has a birth date that Primero refuses
//	orphan NGO              an NGO's client points to a case that Primero does not have
//	takeup NGO              an NGO takes up and accepts all that it was referred
//	withdraw NAME           the family takes its consent back
//	consent NAME            the family gives both consents
//	amend NAME FIELD VALUE  a social worker changes a field of the case
//	option LIST CODE        an administrator of Primero adds a code to a list of options
//	password NEW            the account of casebridge in Primero gets another password
//	bulk N SUBTYPE NGO      N social workers refer one child each
//	stdin-of FILE           what the next casebridge reads from standard input
//	later DURATION          the clock is put forward
//	fail SYSTEM WHAT HOW    the next request of a kind goes wrong: `fail oscar list 9` nine times an error
//	                        page for the list, `fail primero referrals 401` once a refusal
//	heal                    nothing goes wrong any more in OSCaR
//	lose N                  OSCaR takes the next N referrals and their answers are lost
//	ndjson                  every line that the last casebridge printed is a JSON object
//	plan-hash NAME          $NAME becomes the hash that the last casebridge printed
//	trimmed NAME            $NAME becomes what it printed
//	writes P O              how many writes Primero and OSCaR took since the last `writes` or `reset`
//	reset                   forgets the requests so far
//	signins P O             how often somebody tried to sign in since then
//	requests P O            how many requests came since then
//	received NGO N          how many referrals the NGO has received
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[scriptKey{}] = &script{tb: env.T().(testing.TB)}
			env.Setenv("CASEBRIDGE_STORE", filepath.Join(env.WorkDir, "store.db"))
			examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
			env.Setenv("EXAMPLES", examples)
			return err
		},
		Cmds: commands(),
	})
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"casebridge": callCasebridge, "code": checkCode, "specs": writeSpecs, "edit": editFile, "replace": replaceText, "sandbox": startSandbox,
		"refer": referCase, "again": referAgain, "client": addClient, "offers": addOffering, "unborn": addUnborn, "orphan": addOrphan, "takeup": takeUp, "withdraw": withdraw, "consent": consent, "bulk": bulkRefer, "amend": amendCase, "option": addOption, "password": setPassword,
		"later": putForward, "writes": checkWrites, "reset": resetCounters, "signins": checkSignIns, "requests": checkRequests,
		"received": checkReceived, "stdin-of": setStdin, "plan-hash": keepHash, "ndjson": checkNDJSON, "trimmed": keepOutput, "lose": loseAnswers, "fail": failRequests, "heal": heal,
	}
}

type scriptKey struct{}

// script is what one script has going.
type script struct {
	tb    testing.TB
	rig   *rig // nil until `sandbox`
	code  int
	stdin string
	ids   map[string]string // of cases, by the script's name for them
}

func scriptOf(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// theRig is the sandbox of a script that started one.
func theRig(ts *testscript.TestScript) *rig {
	r := scriptOf(ts).rig
	if r == nil {
		ts.Fatalf("there is no sandbox yet")
	}
	return r
}

func want(ts *testscript.TestScript, neg bool, args []string, n int, usage string) {
	if neg {
		ts.Fatalf("! does not go with this command")
	}
	if len(args) != n {
		ts.Fatalf("usage: %s", usage)
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func callCasebridge(ts *testscript.TestScript, neg bool, args []string) {
	s := scriptOf(ts)
	now := time.Now
	if s.rig != nil {
		now = s.rig.clock.now
	}
	var out, errs lockedBuffer
	environ := scriptEnv(ts)
	a := app{environ: func() []string { return environ }, stdin: strings.NewReader(s.stdin), stdout: &out, stderr: &errs, now: now}
	s.code = a.run(context.Background(), args)
	s.stdin = ""
	_, err := io.WriteString(ts.Stdout(), out.String())
	ts.Check(err)
	_, err = io.WriteString(ts.Stderr(), errs.String())
	ts.Check(err)
	if i := slices.Index(args, "--output"); i >= 0 && args[i+1] == "json" {
		ts.Check(readJSONPage(s.tb).check(args, out.String()))
	}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); isSecret(name) && strings.Contains(out.String()+errs.String(), value) {
			ts.Fatalf("casebridge %s shows %s", strings.Join(args, " "), name)
		}
	}
	if (s.code != exitDone) != neg {
		ts.Fatalf("exit code %d", s.code)
	}
}

// scriptEnv is the script's environment as far as casebridge looks at it.
func scriptEnv(ts *testscript.TestScript) []string {
	names := []string{"CASEBRIDGE_CONFIG", "CASEBRIDGE_STORE", "CASEBRIDGE_KEY", "CASEBRIDGE_KEY_FILE", "XDG_STATE_HOME", "HOME",
		"CASEBRIDGE_LIMITS_PRIMERO_TO_OSCAR_SENDS", "CASEBRIDGE_STROE", "CASEBRIDGE_PROJECT"}
	for _, d := range connectors.All() {
		for _, set := range d.Settings() {
			names = append(names, strings.ToUpper(d.Name()+"_"+set.Name))
		}
	}
	var all []string
	for _, name := range names {
		if value := ts.Getenv(name); value != "" {
			all = append(all, name+"="+value)
		}
	}
	return all
}

func checkCode(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "code N")
	if s := scriptOf(ts); s.code != number(ts, args[0]) {
		ts.Fatalf("exit code %d, want %s", s.code, args[0])
	}
}

func setStdin(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "stdin-of FILE")
	scriptOf(ts).stdin = ts.ReadFile(args[0])
}

func writeSpecs(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "specs DIR")
	root := ts.MkAbs(args[0])
	ts.Check(fs.WalkDir(specs.FS, ".", func(path string, d fs.DirEntry, err error) error {
		to := filepath.Join(root, filepath.FromSlash(path))
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		}
		b, err := fs.ReadFile(specs.FS, path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o600)
	}))
}

func editFile(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "edit FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], strings.ReplaceAll(args[2], `\n`, "\n"), 1)), 0o600))
}

func replaceText(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "replace FILE OLD NEW")
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%q stands nowhere in %s", args[1], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func startSandbox(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 0 {
		args[0] = ts.MkAbs(args[0])
	}
	want(ts, neg, args[min(1, len(args)):], 0, "sandbox [SPECS]")
	s := scriptOf(ts)
	r, stop, err := startRig(ts.MkAbs("."), args...)
	ts.Check(err)
	ts.Defer(stop)
	s.rig, s.ids = r, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(r.env)) {
		ts.Setenv(name, r.env[name])
	}
}

func referCase(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "refer NAME SUBTYPE NGO")
	s, r := scriptOf(ts), theRig(ts)
	c := r.referred(s.tb, len(s.ids)+1, args[1], args[2])
	s.ids[args[0]] = c.ID
	ts.Setenv(args[0], c.CaseID)
	ts.Setenv(args[0]+"_SHORT", c.Display)
}

func referAgain(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "again NAME SUBTYPE NGO")
	theRig(ts).referAgain(scriptOf(ts).tb, scriptOf(ts).ids[args[0]], args[1], args[2])
}

func bulkRefer(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "bulk N SUBTYPE NGO")
	for i := range number(ts, args[0]) {
		theRig(ts).referred(scriptOf(ts).tb, i, args[1], args[2])
	}
}

func addClient(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "client NAME NGO")
	addOffering(ts, neg, append(args, "School support"))
}

func addOffering(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "offers NAME NGO SERVICE")
	r, s := theRig(ts), scriptOf(ts)
	slug, err := r.oscar.AddClient(args[1], ngoChild(50+len(s.ids), "19"))
	ts.Check(err)
	_, err = r.oscar.ReferToGovernment(args[1], slug, []string{args[2]}, "Invented reason")
	ts.Check(err)
	ts.Setenv(args[0], slug)
}

func addUnborn(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "unborn NGO")
	child := ngoChild(91, "08")
	child.DateOfBirth = "2031-08-19"
	_, err := theRig(ts).oscar.AddClient(args[0], child)
	ts.Check(err)
}

func addOrphan(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "orphan NGO")
	child := ngoChild(90, "08")
	child.ExternalID, child.ExternalIDDisplay = "a-case-that-is-not-there", "unknown"
	_, err := theRig(ts).oscar.AddClient(args[0], child)
	ts.Check(err)
}

func takeUp(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "takeup NGO")
	r := theRig(ts)
	for _, ref := range r.received(args[0]) {
		if ref.ClientSlug != "" {
			continue
		}
		slug, err := r.oscar.TakeUp(args[0], ref.ID)
		ts.Check(err)
		ts.Check(r.oscar.Accept(args[0], slug))
	}
}

func withdraw(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "withdraw NAME")
	ts.Check(theRig(ts).primero.WithdrawConsent(scriptOf(ts).ids[args[0]]))
}

func consent(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "consent NAME")
	ts.Check(theRig(ts).primero.GiveConsent(scriptOf(ts).ids[args[0]]))
}

func amendCase(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "amend NAME FIELD VALUE")
	ts.Check(theRig(ts).primero.EditCase(scriptOf(ts).ids[args[0]], map[string]any{args[1]: args[2]}))
}

func addOption(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "option LIST CODE")
	ts.Check(theRig(ts).primero.AddOption(args[0], args[1]))
}

func setPassword(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "password NEW")
	ts.Check(theRig(ts).primero.SetPassword(primerosim.DefaultUser, args[0]))
}

func putForward(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "later DURATION")
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	theRig(ts).clock.later(d)
}

func failRequests(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 3, "fail SYSTEM WHAT HOW")
	r := theRig(ts)
	switch args[0] + " " + args[1] {
	case "oscar list":
		r.oscar.FailNext(oscarsim.Lists, oscarsim.HTML500, number(ts, args[2]))
	case "primero referrals":
		r.primero.FailNext(isReferralList, primerosim.FaultKind(args[2]), 1)
	default:
		ts.Fatalf("nothing of %s is called %s", args[0], args[1])
	}
}

func isReferralList(q *http.Request) bool {
	return q.Method == http.MethodGet && strings.HasSuffix(q.URL.Path, "/referrals")
}

func heal(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 0, "heal")
	theRig(ts).oscar.Heal()
}

func loseAnswers(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "lose N")
	theRig(ts).oscar.FailNext(oscarsim.Upserts, oscarsim.ResetAfter, number(ts, args[0]))
}

func keepHash(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "plan-hash NAME")
	found := regexp.MustCompile(`Plan ([0-9a-f]+)`).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("no hash was printed")
	}
	ts.Setenv(args[0], found[1])
}

func checkNDJSON(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 0, "ndjson")
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("%v in %s", err, line)
		}
	}
}

func keepOutput(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 1, "trimmed NAME")
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

func checkWrites(ts *testscript.TestScript, neg bool, args []string) {
	primero, oscar := theRig(ts).writes()
	checkCounts(ts, neg, args, "writes", primero, oscar)
	theRig(ts).forget()
}

func checkRequests(ts *testscript.TestScript, neg bool, args []string) {
	r := theRig(ts)
	checkCounts(ts, neg, args, "requests", r.primero.Requests().Total, r.oscar.Requests())
}

// checkSignIns counts what carried credentials that the system looked at: Primero checks
// them with every request, so there the refused ones are counted.
func checkSignIns(ts *testscript.TestScript, neg bool, args []string) {
	r := theRig(ts)
	primero, oscar := 0, 0
	for _, q := range r.primero.Log() {
		if q.Status == 401 {
			primero++
		}
	}
	for _, q := range r.oscar.Log() {
		if strings.HasSuffix(q.Path, "/sign_in") {
			oscar++
		}
	}
	checkCounts(ts, neg, args, "signins", primero, oscar)
}

func checkCounts(ts *testscript.TestScript, neg bool, args []string, what string, primero, oscar int) {
	want(ts, neg, args, 2, what+" PRIMERO OSCAR")
	if got := fmt.Sprint(primero, " ", oscar); got != args[0]+" "+args[1] {
		ts.Fatalf("%s %s, want %s %s", what, got, args[0], args[1])
	}
}

func resetCounters(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 0, "reset")
	theRig(ts).forget()
}

func checkReceived(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, neg, args, 2, "received NGO N")
	if got := len(theRig(ts).received(args[0])); got != number(ts, args[1]) {
		ts.Fatalf("%s has received %d referrals, want %s", args[0], got, args[1])
	}
}

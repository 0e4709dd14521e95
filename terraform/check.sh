#!/usr/bin/env bash
# Checks everything under terraform/ with the real CLI: form, every module and
# example, their tests, their tables, and what is planned in them for secrets.
#
#   terraform/check.sh            check
#   terraform/check.sh --must     the same; what cannot be checked is a failure
#   terraform/check.sh --write    write the golden files and the tables anew
#
# ZDRWORKER_TFSCHEMA names a folder with an install.sh that lays out stand-ins
# for the providers (real schemas, made-up answers): then nothing is asked of
# any registry. Without it the providers come from Terraform's registry. No
# account is needed in either case, and nothing is made: all tests only plan.
#
# It works on a copy, so that no lock file and no state is left behind.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

must= write=
case ${1:-} in
  --must) must=yes ;;
  --write) write=yes ;;
  '') ;;
  *) echo "usage: $0 [--must|--write]" >&2; exit 64 ;;
esac

not_checked() {
  echo "NOT CHECKED: formats, validity, tests and plans of terraform/: $1" >&2
  [[ -z $must ]] || exit 1
  exit 0
}

command -v terraform >/dev/null || not_checked "there is no terraform command here"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No credentials of whoever runs this are used.
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1 TF_INPUT=0 AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

if [[ -n ${ZDRWORKER_TFSCHEMA:-} ]]; then
  "$ZDRWORKER_TFSCHEMA/install.sh" "$work/mirror" >/dev/null
  export TF_CLI_CONFIG_FILE=$work/mirror/terraformrc
  providers="stand-ins with the real schemas"
else
  mkdir "$work/plugins"
  export TF_PLUGIN_CACHE_DIR=$work/plugins
  providers="the real providers"
fi

terraform fmt -check -recursive -diff .

cp -r . "$work/terraform"
find "$work/terraform" \( -name .terraform -o -name .terraform.lock.hcl -o -name '*.tfstate*' \) -prune -exec rm -rf {} +
all=(modules/* examples/*)

# One folder. It prints nothing of what went well but a line.
check_one() {
  local dir=$work/terraform/$1
  terraform -chdir="$dir" init -backend=false -no-color >"$work/init.$$.$BASHPID" 2>&1 || { cat "$work/init.$$.$BASHPID"; return 2; }
  terraform -chdir="$dir" validate -no-color >"$dir/.out" 2>&1 || { cat "$dir/.out"; return 1; }
  [[ -z $write ]] || return 0
  if ! compgen -G "$dir/tests/*.tftest.hcl" >/dev/null; then
    echo "$1 has no tests"
    return 1
  fi
  # Told to be verbose, it writes down every plan that it makes.
  local plans=$work/tests/${1//\//-}.json
  terraform -chdir="$dir" test -json -verbose >"$plans" 2>"$dir/.out" || {
    cat "$dir/.out"
    terraform -chdir="$dir" test -no-color 2>&1 || true # again, for people
    return 1
  }
  printf '%-26s %s\n' "$1" "$(sed -n 's/.*"@message":"\([^"]*\)".*"type":"test_summary".*/\1/p' "$plans")"
}

# The first one tells whether the providers can be had at all.
first=${all[0]}
terraform -chdir="$work/terraform/$first" init -backend=false -no-color >"$work/first" 2>&1 || {
  cat "$work/first" >&2
  [[ -z ${ZDRWORKER_TFSCHEMA:-} ]] || exit 1
  not_checked "its providers can be had neither from the registry nor from ZDRWORKER_TFSCHEMA"
}

mkdir "$work/tests"
running=0
for one in "${all[@]}"; do
  check_one "$one" || touch "$work/failed" &
  running=$((running + 1))
  if ((running >= 2)); then
    wait -n || true
    running=$((running - 1))
  fi
done
wait
[[ ! -e $work/failed ]] || exit 1

# plan DIR NAME [ARG…] plans a copy as the tests do, without an account, and
# leaves the plan as JSON in $work/NAME.json.
plan() {
  local dir=$work/terraform/$1 name=$2
  shift 2
  cp plan_override.tf.txt "$dir/plan_override.tf"
  terraform -chdir="$dir" plan -no-color -out="$work/$name.plan" "$@" >"$work/$name.log" 2>&1 || { cat "$work/$name.log"; return 1; }
  terraform -chdir="$dir" show -json "$work/$name.plan" >"$work/$name.json"
}

# What the tests planned is searched for secrets, whoever the providers are. A plan
# outside of a test has its configuration and variables as well; but then the real
# provider asks AWS who is calling, so that one takes the stand-ins.
arguments=()
[[ -n $write ]] || arguments+=(-tests "$work/tests")
if [[ -n ${ZDRWORKER_TFSCHEMA:-} ]]; then
  plan modules/identity identity -var-file=tests/example.auto.tfvars
  arguments+=(${write:+-write} -identity "$work/identity.json")
  for example in examples/*; do
    name=$(basename "$example")
    plan "$example" "$name" -var-file=tests/example.auto.tfvars
    arguments+=("$name=$work/$name.json")
  done
elif [[ -n $write ]]; then
  not_checked "golden files are written with the stand-ins of ZDRWORKER_TFSCHEMA only"
fi
(cd .. && go run ./integration/tfcheck "${arguments[@]}")
echo "terraform/ holds, with $(terraform version | head -n 1) and $providers"

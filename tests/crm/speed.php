<?php

// Measures inside the CRM whose folder is the working directory and prints the result as JSON:
//   php speed.php pairs '{"pairs": 1000, "kind": "update", "deals": 50, "seed": 1}'

declare(strict_types=1);

define('sugarEntry', true);
require_once 'include/entryPoint.php';
require_once 'custom/include/SugarRoistat/load.php';
ini_set('memory_limit', '1G');
$GLOBALS['current_user'] = BeanFactory::getBean('Users', '1');

/**
 * The CRM with our hooks and without them, switched within one process.
 */
final class Hooks
{
    private const MODULES = ['Opportunities', 'Contacts', 'Accounts'];

    /** @var array<string, array<string, mixed>> by module */
    private array $with = [];

    /** @var array<string, array<string, mixed>> by module */
    private array $without = [];

    private ReflectionProperty $loaded;

    public function __construct()
    {
        $this->loaded = new ReflectionProperty(LogicHook::class, 'hooks');
        $this->loaded->setAccessible(true);
        $removed = 0;
        foreach (self::MODULES as $module) {
            $this->with[$module] = LogicHook::initialize()->getHooks($module, true);
            foreach ($this->with[$module] as $event => $hooks) {
                $stock = array_filter($hooks, static function (array $hook): bool {
                    return strpos($hook[2], 'SugarRoistat') === false;
                });
                $this->without[$module][$event] = array_values($stock);
                $removed += count($hooks) - count($stock);
            }
        }
        if ($removed === 0) {
            throw new RuntimeException('the package is not installed here');
        }
    }

    public function use(bool $ours): void
    {
        $all = $this->loaded->getValue();
        $this->loaded->setValue(null, ($ours ? $this->with : $this->without) + (array) $all);
    }

    /**
     * What the end of a request does.
     */
    public static function endRequest(): void
    {
        SugarRoistat\Flush::current()->now();
    }
}

/**
 * @param array<string, mixed> $input
 *
 * @return array<string, mixed>
 */
function run_command(string $command, array $input): array
{
    switch ($command) {
        case 'settings':
            return settings($input['url'], $input['secret']);
        case 'pairs':
            return pairs($input);
        case 'import':
            return import($input['file'], $input['rows'], $input['ours']);
        case 'deal':
            return ['id' => make_deal('Web')];
        case 'wait':
            return wait($input['count']);
        case 'sweep':
            return sweep();
        case 'outbox':
            return (new SugarRoistat\Outbox(SugarRoistat\Database::connect()))->counts();
        case 'name':
            return ['name' => BeanFactory::getBean('Opportunities', $input['id'])->name];
    }
    throw new InvalidArgumentException($command);
}

/**
 * Points the package at a receiver, with nothing left of what was before.
 *
 * @return array<string, mixed>
 */
function settings(string $url, string $secret): array
{
    $GLOBALS['db']->query('DELETE FROM roistat_outbox', true);
    $settings = new SugarRoistat\Settings(SugarRoistat\Database::connect());
    $settings->keep('url', $url);
    $settings->keepSecret('secret', $secret);
    $settings->keep('sweeping_until', '');
    forget_outage();

    return [];
}

function forget_outage(): void
{
    $settings = new SugarRoistat\Settings(SugarRoistat\Database::connect());
    foreach (['outage_since', 'outage_reason', 'probed_at'] as $name) {
        $settings->keep($name, '');
    }
}

/**
 * Saves in pairs, one with our hooks and one without, in random order. A save of ours ends with the end of its request.
 *
 * @param array<string, mixed> $input
 *
 * @return array<string, float[]> milliseconds that each save took, what of them the end of its request, and what this
 *                                process was given of the processor
 */
function pairs(array $input): array
{
    $hooks = new Hooks();
    $hooks->use(false);
    $deals = [];
    for ($made = 0; $made < $input['deals']; $made++) {
        $deals[] = make_deal("Bench $made");
    }
    mt_srand($input['seed']);
    $times = [];
    for ($pair = -$input['warm_up']; $pair < $input['pairs']; $pair++) {
        if ($pair === 0) {
            // So that the save that finds the receiver away is one of those measured.
            forget_outage();
        }
        $id = $deals[mt_rand(0, count($deals) - 1)];
        foreach (mt_rand(0, 1) === 1 ? [true, false] : [false, true] as $ours) {
            $bean = $input['kind'] === 'update'
                ? BeanFactory::getBean('Opportunities', $id, ['use_cache' => false])
                : new_deal();
            $bean->name = "Pair $pair " . ($ours ? 'with' : 'without');
            $bean->amount = (string) mt_rand(1, 99999);
            $hooks->use($ours);
            $used = processor_time();
            $started = hrtime(true);
            $bean->save();
            $saved = hrtime(true);
            if ($ours) {
                Hooks::endRequest();
            }
            $ended = hrtime(true);
            if ($pair >= 0) {
                $arm = $ours ? 'with' : 'without';
                $times["$arm"][] = ($ended - $started) / 1e6;
                $times["{$arm}_cpu"][] = processor_time() - $used;
                $times["{$arm}_end"][] = ($ended - $saved) / 1e6;
            }
        }
    }

    return $times;
}

/**
 * @return float milliseconds that this process has had of the processor
 */
function processor_time(): float
{
    $usage = getrusage();

    return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1e3
        + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e3;
}

function new_deal(): SugarBean
{
    $bean = BeanFactory::newBean('Opportunities');
    $bean->sales_stage = 'Prospecting';
    $bean->date_closed = '2026-12-31';
    $bean->assigned_user_id = '1';

    return $bean;
}

/**
 * @return string the id of a deal with an account and a contact
 */
function make_deal(string $name): string
{
    $account = BeanFactory::newBean('Accounts');
    $account->name = "$name, account";
    $account->save();
    $contact = BeanFactory::newBean('Contacts');
    $contact->last_name = "$name, contact";
    $contact->phone_mobile = '+1 555 0101';
    $contact->email1 = 'contact@example.com';
    $contact->save();
    $deal = new_deal();
    $deal->name = $name;
    $deal->amount = '1234.56';
    $deal->save();
    foreach (['accounts' => $account->id, 'contacts' => $contact->id] as $link => $id) {
        $deal->load_relationship($link);
        $deal->$link->add($id);
    }

    return $deal->id;
}

/**
 * One step of the CRM's import: a part of the file, as the browser asks for it.
 *
 * @return array<string, mixed> seconds
 */
function import(string $file, int $rows, bool $ours): array
{
    require_once 'modules/Import/Importer.php';
    require_once 'modules/Import/sources/ImportFile.php';
    (new Hooks())->use($ours);
    $GLOBALS['mod_strings'] = return_module_language('en_us', 'Import');
    $columns = ['name', 'amount', 'sales_stage', 'date_closed', 'roistat_c'];
    $_REQUEST = ['import_module' => 'Opportunities', 'import_type' => 'import', 'columncount' => count($columns)];
    foreach ($columns as $number => $column) {
        $_REQUEST["colnum_$number"] = $column;
    }
    $source = new ImportFile($file, ',', '"', false, false);
    $locale = ['dateformat' => 'Y-m-d', 'timeformat' => 'H:i', 'timezone' => 'UTC', 'currency' => '-99',
        'default_currency_significant_digits' => 2, 'num_grp_sep' => ',', 'dec_sep' => '.',
        'default_locale_name_format' => 's f l', 'charset' => 'UTF-8'];
    foreach ($locale as $name => $value) {
        $source->{"importlocale_$name"} = $value;
    }
    $importer = new Importer($source, BeanFactory::newBean('Opportunities'));
    $started = hrtime(true);
    $importer->import();
    if ($ours) {
        Hooks::endRequest();
    }
    $seconds = (hrtime(true) - $started) / 1e9;
    restore_error_handler();
    $imported = "SELECT COUNT(*) FROM opportunities WHERE name LIKE '" . basename($file) . "%'";
    $found = (int) $GLOBALS['db']->getOne($imported);
    if ($found !== $rows) {
        throw new RuntimeException("$found of $rows rows were imported");
    }

    return ['seconds' => $seconds];
}

/**
 * Fills the outbox with deals whose minute is over.
 *
 * @return array<string, mixed>
 */
function wait(int $count): array
{
    $hooks = new Hooks();
    $hooks->use(false);
    $ids = [];
    for ($made = 0; $made < $count; $made++) {
        $bean = new_deal();
        $bean->name = "Waiting $made";
        $bean->amount = (string) mt_rand(1, 99999);
        $bean->save();
        $ids[] = "('deal', '$bean->id', 'bench', " . (time() - 120) . ', ' . (time() - 60) . ", 0, 0, 0, '')";
    }
    foreach (array_chunk($ids, 500) as $rows) {
        $GLOBALS['db']->query('INSERT INTO roistat_outbox VALUES ' . implode(', ', $rows), true);
    }

    return [];
}

/**
 * What the scheduler does each minute.
 *
 * @return array<string, mixed>
 */
function sweep(): array
{
    $database = SugarRoistat\Database::connect();
    $before = memory_get_peak_usage();
    $started = hrtime(true);
    (new SugarRoistat\Sweep($database))->run();

    return [
        'seconds' => (hrtime(true) - $started) / 1e9,
        'before' => $before,
        'after' => memory_get_peak_usage(),
        'outbox' => (new SugarRoistat\Outbox($database))->counts(),
    ];
}

print json_encode(run_command($argv[1], json_decode($argv[2], true)), JSON_THROW_ON_ERROR);

// Late binding: by the type library, in process and out of it, and by scripts.
#include <stdio.h>
#include <wchar.h>
#include "calls.h"

static VARIANT number(LONG value)
{
    VARIANT v = {.vt = VT_I4, .lVal = value};
    return v;
}

static VARIANT string(const wchar_t *value)
{
    VARIANT v = {.vt = VT_BSTR};
    v.bstrVal = SysAllocString(value);
    return v;
}

/* Calls by name; the arguments, given in order, are cleared. */
static void invoke(IDispatch *object, const wchar_t *name, WORD how, UINT count, VARIANT *given)
{
    wchar_t own[64];
    wchar_t *names[] = {own};
    char what[80];
    DISPID id = 0, put = DISPID_PROPERTYPUT;
    VARIANT arguments[4], result = {.vt = VT_EMPTY};
    DISPPARAMS parameters = {.rgvarg = arguments, .cArgs = count};
    EXCEPINFO exception = {0};
    UINT which = 99;
    wcscpy(own, name);
    snprintf(what, sizeof what, "%ls", name);
    for (UINT i = 0; i < count; i++)
        arguments[count - 1 - i] = given[i];
    if (how == DISPATCH_PROPERTYPUT) {
        parameters.rgdispidNamedArgs = &put;
        parameters.cNamedArgs = 1;
    }
    if (told(what,
             IDispatch_GetIDsOfNames(object, &IID_NULL, names, 1, LOCALE_USER_DEFAULT, &id))) {
        told("call",
             IDispatch_Invoke(object, id, &IID_NULL, LOCALE_USER_DEFAULT, how, &parameters,
                              how == DISPATCH_PROPERTYPUT ? NULL : &result, &exception, &which));
        say("exception", "%08lx %u", (unsigned long)exception.scode, which);
        if (result.vt == VT_BSTR)
            say("text", "%ls", result.bstrVal);
        else if (result.vt == VT_I4)
            say("number", "%ld", result.lVal);
        else if (result.vt == VT_R8)
            say("number", "%g", result.dblVal);
        else
            say("type", "%u", result.vt);
        VariantClear(&result);
    }
    for (UINT i = 0; i < count; i++)
        VariantClear(&arguments[i]);
}

static void late(IDispatch *object)
{
    UINT count = 0;
    ITypeInfo *types;
    BSTR name = NULL;
    VARIANT text = string(L"some words"), three[] = {number(3), number(4), number(5)};
    VARIANT as_text[] = {string(L"30"), number(12)}, wrong[] = {string(L"x"), number(1)};
    if (told("types", IDispatch_GetTypeInfoCount(object, &count)))
        say("how many", "%u", count);
    if (told("the type", IDispatch_GetTypeInfo(object, 0, LOCALE_USER_DEFAULT, &types))) {
        told("documentation",
             ITypeInfo_GetDocumentation(types, MEMBERID_NIL, &name, NULL, NULL, NULL));
        say("its name", "%ls", name ? name : L"");
        SysFreeString(name);
        ITypeInfo_Release(types);
    }
    invoke(object, L"add", DISPATCH_METHOD, 2, three);
    invoke(object, L"ADD", DISPATCH_METHOD, 2, as_text);
    invoke(object, L"add", DISPATCH_METHOD, 2, wrong);
    invoke(object, L"add", DISPATCH_METHOD, 3, three);
    invoke(object, L"add", DISPATCH_METHOD, 1, three);
    invoke(object, L"subtract", DISPATCH_METHOD, 2, three);
    invoke(object, L"mark", DISPATCH_PROPERTYGET, 0, NULL);
    invoke(object, L"mark", DISPATCH_PROPERTYPUT, 1, &text);
    text = string(L"some words");
    invoke(object, L"note", DISPATCH_PROPERTYPUT, 1, &text);
    invoke(object, L"note", DISPATCH_PROPERTYGET, 0, NULL);
    invoke(object, L"halve", DISPATCH_METHOD, 1, three);
    VARIANT code = number((LONG)0x80040abc);
    invoke(object, L"fail", DISPATCH_METHOD, 1, &code);
}

static void direct(const CLSID *class, DWORD context)
{
    IDispatch *object = NULL;
    IPlumeAutomation *early = NULL;
    LONG sum = 0;
    BSTR text = NULL, note = SysAllocString(L"a note");
    if (!told("object", CoCreateInstance(class, NULL, context, &IID_IDispatch, (void **)&object)))
        return;
    late(object);
    if (told("early bound",
             IDispatch_QueryInterface(object, &IID_IPlumeAutomation, (void **)&early))) {
        told("add", IPlumeAutomation_add(early, 20, 22, &sum));
        say("sum", "%ld", sum);
        told("put", IPlumeAutomation_put_note(early, note));
        told("get", IPlumeAutomation_get_note(early, &text));
        say("note", "%ls", text ? text : L"");
        SysFreeString(text);
        told("fail", IPlumeAutomation_fail(early, (LONG)E_ACCESSDENIED));
        IPlumeAutomation_Release(early);
    }
    SysFreeString(note);
    IPlumeTest *test = NULL;
    if (IDispatch_QueryInterface(object, &IID_IPlumeTest, (void **)&test) == S_OK) {
        IDispatch_Release(object);
        if (context == CLSCTX_LOCAL_SERVER)
            release_and_wait(test);
        else
            IPlumeTest_Release(test);
    }
}

static void script(const wchar_t *name, const char *text)
{
    wchar_t line[LINE];
    FILE *file = _wfopen(name, L"wb");
    if (!file) {
        say("script", "cannot be written");
        return;
    }
    fputs(text, file);
    fclose(file);
    _snwprintf(line, LINE, L"cscript.exe /nologo %ls", name);
    say("script", "%lu", run_line(line));
    _wremove(name);
}

static void scripts(void)
{
    // The server runs as long as this: one that ends while a script begins could be found by it.
    IPlumeTest *held;
    if (!told("held", create(&com_local, CLSCTX_LOCAL_SERVER, &held)))
        return;
    script(L"plume_test_com.vbs", "Set a = CreateObject(\"Plume.Test\")\r\n"
                                  "WScript.Echo \"in process \" & a.add(2, 3) & \" \" & a.mark\r\n"
                                  "Set b = CreateObject(\"Plume.Test.Local\")\r\n"
                                  "b.note = \"from a script\"\r\n"
                                  "WScript.Echo \"local \" & b.add(4, 5) & \" \" & b.mark\r\n"
                                  "WScript.Echo b.note & \" \" & b.halve(9)\r\n");
    script(L"plume_test_com.js",
           "var a = new ActiveXObject('Plume.Test.Local');\r\n"
           "WScript.Echo('local ' + a.add(40, 2) + ' ' + a.mark);\r\n"
           "try { a.fail(-2147220804); } catch (e) { WScript.Echo('caught ' + (e.number & "
           "0xffff)); }\r\n"
           "try { new ActiveXObject('Plume.None'); } catch (e) { WScript.Echo('none'); }\r\n"
           "var f = new ActiveXObject('Scripting.FileSystemObject');\r\n"
           "var t = f.CreateTextFile('plume_test_com.txt', true);\r\n"
           "t.WriteLine('a line'); t.Close();\r\n"
           "WScript.Echo(f.FileExists('plume_test_com.txt'));\r\n"
           "WScript.Echo(f.OpenTextFile('plume_test_com.txt').ReadLine());\r\n"
           "f.DeleteFile('plume_test_com.txt');\r\n"
           "WScript.Echo(f.FileExists('plume_test_com.txt'));\r\n"
           "var s = new ActiveXObject('WScript.Shell');\r\n"
           "WScript.Echo(s.ExpandEnvironmentStrings('%SystemRoot%'));\r\n");
    end_and_wait(held);
}

void automation(void)
{
    register_all(L"automated", true);
    say("automation", "in process");
    direct(&com_in_proc, CLSCTX_INPROC_SERVER);
    say("automation", "by a program");
    direct(&com_local, CLSCTX_LOCAL_SERVER);
    scripts();
    unregister_all();
}
